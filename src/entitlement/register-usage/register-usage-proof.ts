import { fail, succeed } from '../../kernel/result.ts'
import type { FailedProof, Proof, ProofContext } from '../proof.ts'
import { keysNewestFirst } from './pinned-keys.ts'
import { createNonce, register } from './register.ts'

const unknownVersion = 'InvalidPublicKeyVersionException'

/**
 * Registers this task or pod and checks what AWS signed. Registering again charges nothing, but proves
 * nothing new about the subscription: AWS checks it at the first call of a task or pod.
 *
 * An attempt is one call of RegisterUsage with the newest pinned key. An image may know the next key
 * before AWS accepts its version: for each version that AWS does not know, one more call sends the next
 * older one. The proof is refused only when AWS knows none of them.
 */
export function createRegisterUsageProof({ api, product, randomBytes }: ProofContext): Proof {
  const { productCode, route } = product
  const keys = keysNewestFirst(product.publicKeys)
  const [newest] = keys
  if (newest === undefined) throw new TypeError(`route ${route} needs a public key`)

  const registerWith = ({ version: publicKeyVersion, pem }: typeof newest) =>
    register({ api, productCode, publicKeyVersion, pem, nonce: createNonce(randomBytes) })

  return {
    name: 'register-usage',
    async attempt() {
      let result = await registerWith(newest)
      const sent = [newest.version]
      for (const key of keys.slice(1)) {
        if (result.ok || result.failure.code !== unknownVersion) break
        result = await registerWith(key)
        sent.push(key.version)
      }
      if (!result.ok) return fail(withVersions(result.failure, sent))
      const { warnings, version, rotationAt } = result.value
      return succeed({
        warnings: [...warnings, ...sent.slice(0, -1).map(unknownWarning)],
        signingKey: { version, newestVersion: newest.version, rotationAt },
      })
    },
  }
}

function unknownWarning(version: number): string {
  return `AWS does not know version ${version} of the public key yet. An older version in the product file was used.`
}

/** Names the versions that were sent, where AWS knows none of them. */
function withVersions(failure: FailedProof, sent: readonly number[]): FailedProof {
  if (failure.code !== unknownVersion) return failure
  const versions =
    sent.length === 1
      ? `Version ${sent[0]} was sent.`
      : `The versions ${sent.join(', ')} were sent, and AWS knows none of them.`
  return { ...failure, message: `${failure.message} ${versions}` }
}
