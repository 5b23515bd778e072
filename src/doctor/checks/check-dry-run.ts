import { dryRun } from '../../entitlement/dry-run/dry-run.ts'
import { defineCheck } from '../check.ts'
import { callProblem, callProblems, failureWords, recordFailure } from '../record-failure.ts'

export const dryRunCheck = defineCheck({
  id: 'dry-run',
  title: 'One call of MeterUsage with DryRun for each dimension, on the routes metered and both.',
  needs: ['product', 'region', 'tls'],
  problems: {
    ...callProblems,
    WrongDimension: {
      status: 'fail',
      when: 'AWS does not know the dimension, or takes no record of it.',
      fix: '{advice}',
    },
  },
  async run(diagnosis, findings) {
    const { product, machine } = diagnosis
    if (product === undefined || product.route === 'hourly') {
      findings.pass('Not needed: the route hourly sends no records.')
      return
    }
    if (!machine.callAws) {
      findings.skip('Not called, as --no-calls asks for.')
      return
    }
    const { api, lastFailure } = recordFailure(await diagnosis.api())
    const { productCode } = product
    let same: string | undefined
    for (const { name: dimension } of product.dimensions) {
      if (same !== undefined) {
        findings.skip(`${dimension}: not called, for it would fail as ${same} did.`, dimension)
        continue
      }
      const step = await dryRun({ api, productCode, dimension, clock: machine.clock })
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
