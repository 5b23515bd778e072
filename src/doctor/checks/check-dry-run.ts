import { defineProofCheck } from '../define-proof-check.ts'

export const dryRunCheck = defineProofCheck({
  name: 'dry-run',
  title: 'One call of MeterUsage with DryRun for each dimension, on the routes {routes}.',
  needs: ['product', 'region', 'tls'],
  otherwise: 'sends no records',
  problems: {
    WrongDimension: {
      status: 'fail',
      when: 'AWS does not know the dimension, or refuses records of it.',
      fix: '{advice}',
    },
  },
  parts: (product) =>
    product.dimensions.map((dimension) => ({
      product: { ...product, dimensions: [dimension] },
      subject: dimension.name,
    })),
  pass: (_passed, findings, dimension) =>
    findings.pass(`${dimension}: AWS would accept a record.`, dimension),
  ownProblem: ({ kind }) => (kind === 'invalid' ? 'WrongDimension' : undefined),
})
