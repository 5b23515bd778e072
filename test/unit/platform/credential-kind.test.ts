import { describe, expect, test } from 'vitest'
import {
  credentialKind,
  credentialKinds,
  credentialWarning,
  type CredentialKind,
} from '../../../src/platform/credential-kind.ts'

const keys = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'do not show' }
const webIdentity = { AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: 'arn:aws:iam::1:role/r' }
const task = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1' }
const podIdentity = {
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE:
    '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token',
}
const elsewhere = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost:1338/credentials' }

describe('the kind of credentials', () => {
  test.each<[CredentialKind, object]>([
    ['profile', { ...keys, AWS_PROFILE: 'p' }],
    ['access-keys', { ...keys, ...webIdentity, ...task }],
    ['irsa', { ...webIdentity, ...task, ...podIdentity }],
    ['task-role', { ...task, ...podIdentity }],
    ['task-role', elsewhere],
    ['pod-identity', podIdentity],
    [
      'pod-identity',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://[fd00:ec2::23]/v1/credentials' },
    ],
    [
      'pod-identity',
      {
        ...elsewhere,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/run/eks-pod-identity-token',
      },
    ],
    ['instance-role', {}],
    ['instance-role', { AWS_ACCESS_KEY_ID: 'AKIA', AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '' }],
    ['instance-role', { AWS_WEB_IDENTITY_TOKEN_FILE: '/token' }],
    ['none', { AWS_EC2_METADATA_DISABLED: 'TRUE' }],
  ])('is %s with %j', (kind, env) => {
    expect(credentialKind({ ...env })).toBe(kind)
  })
})

describe('a warning', () => {
  const givenBy: Readonly<Record<CredentialKind, object>> = {
    'access-keys': keys,
    profile: { AWS_PROFILE: 'p' },
    irsa: webIdentity,
    'task-role': task,
    'pod-identity': podIdentity,
    'instance-role': {},
    none: { AWS_EC2_METADATA_DISABLED: 'true' },
  }
  const warning = (platform: 'ecs' | 'eks' | 'local' | 'agentcore', kind: CredentialKind) =>
    credentialWarning(platform, { ...givenBy[kind] })

  test('is given on ECS for all but the task role, with the way to it', () => {
    expect(warning('ecs', 'task-role')).toBeUndefined()
    for (const kind of credentialKinds.filter((each) => each !== 'task-role'))
      expect(warning('ecs', kind), kind).toMatch(/only the role of the task\. .*taskRoleArn/)
  })

  test('is given on EKS for all but IRSA, with the way to it', () => {
    expect(warning('eks', 'irsa')).toBeUndefined()
    for (const kind of credentialKinds.filter((each) => each !== 'irsa'))
      expect(warning('eks', kind), kind).toMatch(/IRSA.*eks\.amazonaws\.com\/role-arn/)
  })

  test.each([
    ['ecs', 'access-keys', 'Remove AWS_ACCESS_KEY_ID'],
    ['eks', 'access-keys', 'Remove AWS_ACCESS_KEY_ID'],
    ['eks', 'pod-identity', 'Delete the Pod Identity association'],
    ['eks', 'instance-role', 'the role of the node would be used'],
    ['ecs', 'instance-role', 'the role of the node would be used'],
  ] as const)('on %s for %s says: %s', (platform, kind, words) => {
    expect(warning(platform, kind)).toContain(words)
  })

  test('is never given where the emulator answers, and never shows a secret', () => {
    for (const kind of credentialKinds) {
      expect(warning('local', kind)).toBeUndefined()
      expect(warning('agentcore', kind)).toBeUndefined()
      expect(warning('eks', kind) ?? '').not.toContain('do not show')
    }
  })
})
