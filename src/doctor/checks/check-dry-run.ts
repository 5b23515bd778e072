import { dryRun } from '../../entitlement/dry-run/dry-run.ts'
import { routeOf, routesThat } from '../../product/routes.ts'
import { defineCheck } from '../check.ts'
import { callProblem, callProblems, failureWords, recordFailure } from '../record-failure.ts'

const trying = routesThat(({ proofs }) => proofs.includes('dry-run'))

export const dryRunCheck = defineCheck({
  id: 'dry-run',
  title: `One call of MeterUsage with DryRun for each dimension, on the routes ${trying}.`,
  needs: ['product', 'region', 'tls'],
  problems: {
    ...callProblems,
    WrongDimension: {
      status: 'fail',
      when: 'AWS does not know the dimension, or takes no record of it.',
      fix: '{advice}',
    },
  },
  async run(examination, findings) {
    const { product, world } = examination
    if (product === undefined) return
    if (!routeOf(product.route).proofs.includes('dry-run')) {
      findings.pass(`Not needed: the route ${product.route} sends no records.`)
      return
    }
    if (!world.callAws) {
      findings.skip('Not called, as --no-calls asks for.')
      return
    }
    const { api, lastFailure } = recordFailure(await examination.api())
    const { productCode } = product
    let same: string | undefined
    for (const { name: dimension } of product.dimensions) {
      if (same !== undefined) {
        findings.skip(`${dimension}: not called, for it would fail as ${same} did.`, dimension)
        continue
      }
      const step = await dryRun({ api, productCode, dimension, clock: world.clock })
      const failure = lastFailure()
      if (step.ok || failure === undefined) {
        findings.pass(`${dimension}: AWS would take a record.`, dimension)
        continue
      }
      const ofDimension = failure.kind === 'invalid'
      if (!ofDimension) same = dimension
      findings.problem(
        ofDimension ? 'WrongDimension' : callProblem(failure),
        `${dimension}: ${failureWords('MeterUsage with DryRun', failure)}`,
        { subject: dimension, values: { advice: failure.advice } },
      )
    }
  },
})
