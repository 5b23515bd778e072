import { toIso } from '../../kernel/clock.ts'
import { defineProofCheck } from '../define-proof-check.ts'

export const registerUsageCheck = defineProofCheck({
  name: 'register-usage',
  title: "One call of RegisterUsage on the routes {routes}, and AWS's signature by the pinned key.",
  needs: ['product', 'public-key', 'region', 'tls'],
  otherwise: 'does not register',
  problems: {
    WrongToken: {
      status: 'fail',
      when: "AWS's token is not for this product, key version and nonce, or another key signed it.",
      fix: 'Compare the product code, the public key and its version in the product file with the portal.',
    },
    KeyEnds: {
      status: 'warn',
      when: 'AWS replaces the key version in use, or does not know the newest yet.',
      fix: 'Release an image whose product file also has the next key version, as soon as the portal shows it.',
    },
  },
  pass({ signingKey }, findings) {
    if (signingKey === undefined) return
    const { version, newestVersion, rotationAt } = signingKey
    findings.pass(`AWS confirms the buyer, signed with key version ${version}.`)
    if (rotationAt !== undefined)
      findings.problem('KeyEnds', `AWS replaces key version ${version} at ${toIso(rotationAt)}.`)
    else if (newestVersion > version)
      findings.problem('KeyEnds', `AWS does not know key version ${newestVersion} yet.`)
  },
  ownProblem: ({ kind }) => (kind === undefined ? 'WrongToken' : undefined),
})
