import { describe, expect, test } from 'vitest'
import { parsePodToken } from '../../../src/platform/irsa-token.ts'
import { fakeToken } from '../../support/sidecar/metadata-server.ts'

const pod = { name: 'app-7d9f', uid: '11111111-2222-3333-4444-555555555555' }

describe('the token of a pod', () => {
  test.each([
    ['https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF', 'us-east-1'],
    ['https://oidc.eks.us-gov-west-1.amazonaws.com/id/ABCDEF', 'us-gov-west-1'],
    ['https://oidc.eks.cn-north-1.amazonaws.com.cn/id/ABCDEF', 'cn-north-1'],
    ['https://oidc.eks.eusc-de-east-1.amazonaws.eu/id/ABCDEF', 'eusc-de-east-1'],
    ['https://oidc.eks.us-iso-east-1.c2s.ic.gov/id/ABCDEF', 'us-iso-east-1'],
    ['https://oidc.eks.us-isob-east-1.sc2s.sgov.gov/id/ABCDEF', 'us-isob-east-1'],
    ['https://oidc.eks.eu-isoe-west-1.cloud.adc-e.uk/id/ABCDEF', 'eu-isoe-west-1'],
    ['https://oidc.eks.us-isof-south-1.csp.hci.ic.gov/id/ABCDEF', 'us-isof-south-1'],
    ['https://oidc-eks.us-iso-east-1.api.aws.ic.gov/id/ABCDEF', 'us-iso-east-1'],
    ['https://oidc-eks.eu-west-1.api.aws/id/ABCDEF', 'eu-west-1'],
    ['https://kubernetes.default.svc.cluster.local', undefined],
    ['https://oidc.eks.us-east-1.amazonaws.com.evil.example/id/A', undefined],
    ['http://oidc.eks.us-east-1.amazonaws.com/id/A', undefined],
    ['https://oidc.eks.nonsense.amazonaws.com/id/A', undefined],
    [5, undefined],
  ])('from the issuer %s gives the region %s', (iss, region) => {
    expect(parsePodToken(fakeToken({ iss, 'kubernetes.io': { pod } }))).toEqual({
      region,
      podName: 'app-7d9f',
      podUid: pod.uid,
    })
  })

  test.each([
    [{}],
    [{ 'kubernetes.io': null }],
    [{ 'kubernetes.io': { pod: 'x' } }],
    [{ 'kubernetes.io': { pod: { name: 1, uid: 2 } } }],
    [{ 'kubernetes.io': { pod: { uid: 'a b\nc' } } }],
    [[]],
  ])('with the claims %j names no pod', (claims) => {
    expect(parsePodToken(fakeToken(claims))).toEqual({
      region: undefined,
      podName: undefined,
      podUid: undefined,
    })
  })

  test.each(['', 'a.b', 'a.b.c', 'a.!!.c', fakeToken(null), fakeToken('x'), `x.${fakeToken({})}`])(
    'is none: %j',
    (text) => {
      expect(parsePodToken(text)).toBeUndefined()
    },
  )
})
