import type { PlatformName } from './platform.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The kinds of credentials that the AWS SDK can use, according to the environment. */
export const credentialKinds = [
  'access-keys',
  'profile',
  'irsa',
  'task-role',
  'pod-identity',
  'instance-role',
  'none',
] as const
export type CredentialKind = (typeof credentialKinds)[number]

/** Finds the kind in the order in which the SDK looks. It calls nothing and reads no secret. */
export function credentialKind(env: Variables): CredentialKind {
  const has = (name: string) => (env[name] ?? '') !== ''
  if (has('AWS_PROFILE')) return 'profile'
  if (has('AWS_ACCESS_KEY_ID') && has('AWS_SECRET_ACCESS_KEY')) return 'access-keys'
  if (has('AWS_WEB_IDENTITY_TOKEN_FILE') && has('AWS_ROLE_ARN')) return 'irsa'
  if (has('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')) return 'task-role'
  if (has('AWS_CONTAINER_CREDENTIALS_FULL_URI'))
    return namesPodIdentity(env) ? 'pod-identity' : 'task-role'
  const disabled = env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true'
  return disabled ? 'none' : 'instance-role'
}

/**
 * Returns a warning when AWS is known to refuse the credentials that the SDK will use here, with what
 * to do; otherwise undefined. The call is made anyway, because AWS decides. Outside ECS and EKS there
 * is no warning, because the emulator accepts every kind.
 */
export function credentialWarning(platform: PlatformName, env: Variables): string | undefined {
  if (platform !== 'ecs' && platform !== 'eks') return undefined
  const kind = credentialKind(env)
  if (kind === remedies[platform].right) return undefined
  const found = findings[kind]
  return `${found}, and AWS Marketplace accepts ${remedies[platform].accepted}. ${remedies[platform].advice[kind] ?? remedies[platform].standard}`
}

const findings: Readonly<Record<CredentialKind, string>> = {
  'access-keys': 'There are access keys in the environment (AWS_ACCESS_KEY_ID)',
  profile: 'AWS_PROFILE selects the credentials of a file',
  irsa: 'The environment selects a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)',
  'task-role': 'The environment names a credentials endpoint (AWS_CONTAINER_CREDENTIALS_*)',
  'pod-identity': 'EKS Pod Identity gives this pod its credentials',
  'instance-role': 'No role is configured here, so the role of the node would be used',
  none: 'No credentials are configured here',
}

const irsa =
  'Give the service account an IAM role (IRSA): the annotation eks.amazonaws.com/role-arn, and a trust policy for the OIDC provider of the cluster.'
const taskRole = 'Set taskRoleArn in the task definition (not the execution role).'

interface Remedy {
  readonly right: CredentialKind
  readonly accepted: string
  readonly standard: string
  readonly advice: Readonly<Partial<Record<CredentialKind, string>>>
}

const remedies: Readonly<Record<'ecs' | 'eks', Remedy>> = {
  ecs: {
    right: 'task-role',
    accepted: 'only the role of the task',
    standard: taskRole,
    advice: {
      'access-keys': `Remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the container. ${taskRole}`,
      profile: `Remove AWS_PROFILE from the container. ${taskRole}`,
      irsa: `Remove AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN from the container. ${taskRole}`,
    },
  },
  eks: {
    right: 'irsa',
    accepted: 'only the role of the service account (IRSA)',
    standard: irsa,
    advice: {
      'access-keys': `Remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the container. ${irsa}`,
      profile: `Remove AWS_PROFILE from the container. ${irsa}`,
      'pod-identity': `Delete the Pod Identity association of the service account. ${irsa}`,
    },
  },
}

/** The agent of EKS Pod Identity has fixed link-local addresses, and its token lies in a folder of that name. */
function namesPodIdentity(env: Variables): boolean {
  const uri = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? ''
  const host = URL.canParse(uri) ? new URL(uri).hostname : ''
  const token = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? ''
  return (
    host === '169.254.170.23' || host === '[fd00:ec2::23]' || token.includes('eks-pod-identity')
  )
}
