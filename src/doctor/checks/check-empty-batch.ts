import { defineProofCheck } from '../define-proof-check.ts'

export const emptyBatchCheck = defineProofCheck({
  name: 'empty-batch',
  title: 'One call of BatchMeterUsage without records, on the route {routes}.',
  needs: ['product', 'region', 'tls'],
  otherwise: 'has no customers',
  problems: {},
  pass: (_passed, findings) => findings.pass('AWS would accept records of customers.'),
  ownProblem: () => undefined,
})
