import { messageOf } from '../kernel/errors.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import { parsePodToken, type PodToken } from './irsa-token.ts'
import type { ReadBounded } from './read-bounded.ts'

/** Where Kubernetes itself mounts a token in pods, unless that is turned off. */
const defaultTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount/token'

export interface PodReading extends PodToken {
  readonly warnings: readonly string[]
  /** Whether any token could be read. */
  readonly found: boolean
}

/**
 * Combines what the tokens of a pod say: the one for IRSA first, then the one for Pod Identity and the
 * default one, which name the same pod and cluster.
 */
export async function readPod(
  env: Readonly<Record<string, string | undefined>>,
  readText: ReadBounded,
): Promise<PodReading> {
  const irsaPath = env['AWS_WEB_IDENTITY_TOKEN_FILE']
  const sources = [
    ['AWS_WEB_IDENTITY_TOKEN_FILE', irsaPath],
    ['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']],
    ['', inKubernetes(env) ? defaultTokenPath : undefined],
  ] as const
  const warnings: string[] = []
  let pod: PodToken = { region: undefined, podName: undefined, podUid: undefined }
  let found = false
  for (const [variable, path] of sources) {
    const enough = pod.region !== undefined && pod.podUid !== undefined
    if (path === undefined || path === '' || enough) continue
    const token = await readToken(path, readText)
    if (token.ok) {
      const { region, podName, podUid } = token.value
      found = true
      pod = {
        region: pod.region ?? region,
        podName: pod.podName ?? podName,
        podUid: pod.podUid ?? podUid,
      }
    } else if (variable !== '') {
      warnings.push(
        `The token file ${path} of ${variable} ${token.failure}. Check the service account's annotation and the projected volume.`,
      )
    }
  }
  return { ...pod, warnings, found }
}

export function inKubernetes(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env['KUBERNETES_SERVICE_HOST'] ?? '') !== ''
}

/** Reads the token. The failure is the second half of a sentence about what is wrong with it. */
async function readToken(path: string, readText: ReadBounded): Promise<Result<PodToken, string>> {
  try {
    const text = await readText(path)
    if (text === undefined) return fail('does not exist')
    const token = parsePodToken(text)
    return token === undefined ? fail('does not hold a JSON web token') : succeed(token)
  } catch (error) {
    return fail(`can't be read (${messageOf(error)})`)
  }
}
