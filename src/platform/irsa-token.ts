import { isRegionName } from '../kernel/text/region-name.ts'

/** What a pod's projected token says about the pod. */
export interface PodToken {
  /** Undefined when the issuer is not EKS. */
  readonly region: string | undefined
  readonly podName: string | undefined
  readonly podUid: string | undefined
}

/** The issuers of EKS in every partition: its own domain, then that of dual-stack. */
const issuers = [
  /^https:\/\/oidc\.eks\.([a-z0-9-]+)\.(?:amazonaws\.(?:com|com\.cn|eu)|s?c2s\.(?:ic|sgov)\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)\/id\/[^/]+\/?$/,
  /^https:\/\/oidc-eks\.([a-z0-9-]+)\.api\.(?:aws|amazonwebservices\.(?:com\.cn|eu)|aws(?:\.hci)?\.ic\.gov|aws\.scloud|cloud-aws\.adc-e\.uk)\/id\/[^/]+\/?$/,
]

/**
 * Reads a projected service account token; undefined when the text is not one. The signature is not
 * checked: the kubelet wrote the file, and nothing is granted because of it. AWS checks for itself.
 */
export function parsePodToken(token: string): PodToken | undefined {
  const claims = payloadOf(token)
  if (claims === undefined) return undefined
  const issuer = textOf(claims, 'iss') ?? ''
  const region = issuers
    .map((pattern) => pattern.exec(issuer)?.[1])
    .find((name) => name !== undefined && isRegionName(name))
  const pod = memberOf(memberOf(claims, 'kubernetes.io'), 'pod')
  const uid = textOf(pod, 'uid')
  return {
    region,
    podName: textOf(pod, 'name'),
    podUid: uid !== undefined && /^[-0-9a-zA-Z]{1,64}$/.test(uid) ? uid : undefined,
  }
}

function payloadOf(token: string): object | undefined {
  const parts = token.trim().split('.')
  const payload = parts[1]
  if (parts.length !== 3 || payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null ? claims : undefined
  } catch {
    return undefined
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

function textOf(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name)
  return typeof member === 'string' && member !== '' ? member : undefined
}
