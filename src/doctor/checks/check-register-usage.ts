import { toIso } from '../../kernel/clock.ts'
import {
  keysNewestFirst,
  registerWithPinnedKeys,
} from '../../entitlement/register-usage/register-with-pinned-keys.ts'
import { defineCheck } from '../check.ts'
import { callProblem, callProblems, failureWords, recordFailure } from '../record-failure.ts'

export const registerUsageCheck = defineCheck({
  id: 'register-usage',
  title:
    "One call of RegisterUsage on the routes hourly and both, and AWS's signature by the pinned key.",
  needs: ['product', 'public-key', 'region', 'tls'],
  problems: {
    ...callProblems,
    WrongToken: {
      status: 'fail',
      when: "AWS's token is not for this product, key version and nonce, or another key has signed it.",
      fix: 'Compare the product code, the public key and its version in the product file with the portal.',
    },
    KeyEnds: {
      status: 'warn',
      when: 'AWS replaces the key version in use, or does not know the newest yet.',
      fix: 'Release an image whose product file has the next key version as well, as soon as the portal shows it.',
    },
  },
  async run(diagnosis, findings) {
    const { product, machine } = diagnosis
    if (product === undefined || product.route === 'metered') {
      findings.pass('Not needed: the route metered does not register.')
      return
    }
    if (!machine.callAws) {
      findings.skip('Not called, as --no-calls asks for.')
      return
    }
    const { api, lastFailure } = recordFailure(await diagnosis.api())
    const step = await registerWithPinnedKeys({ api, product, randomBytes: machine.randomBytes })
    const failure = lastFailure()
    if (!step.ok && failure === undefined) {
      findings.problem('WrongToken', `${step.code}: ${step.message}`)
      return
    }
    if (failure !== undefined) {
      const values = { advice: failure.advice }
      findings.problem(callProblem(failure), failureWords('RegisterUsage', failure), { values })
      return
    }
    if (!step.ok || step.signedBy === undefined) return
    const { version, rotationAt } = step.signedBy
    findings.pass(`AWS confirms the buyer, signed with key version ${version}.`)
    const newest = keysNewestFirst(product.publicKeys)[0]?.version ?? version
    if (rotationAt !== undefined)
      findings.problem('KeyEnds', `AWS replaces key version ${version} at ${toIso(rotationAt)}.`)
    else if (newest > version)
      findings.problem('KeyEnds', `AWS does not know key version ${newest} yet.`)
  },
})
