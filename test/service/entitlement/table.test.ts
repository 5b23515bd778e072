import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../../../src/product/routes.ts'
import { modelErrors } from '../../../src/protocol/service-errors.ts'
import {
  casePlatforms,
  entitlementCases,
  type AwsStandIn,
  type CasePlatform,
  type EntitlementCase,
} from '../../support/entitlement/entitlement-cases.ts'
import { eventually } from '../../support/eventually.ts'
import {
  fakeToken,
  startMetadataServer,
  type MetadataServer,
} from '../../support/sidecar/metadata-server.ts'
import { scratch } from '../../support/scratch.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'
import { startEmulator, type Harness } from '../emulator/harness.ts'
import { createRsaKey } from '../../unit/entitlement/support.ts'

const publicKeyPath = '/public-key.pem'
const otherKey = createRsaKey().pem

let aws: Harness
let metadata: MetadataServer
let folder: string
let harness: SidecarHarness | undefined

beforeAll(async () => {
  aws = await startEmulator()
  const TaskARN = 'arn:aws:ecs:eu-west-1:123456789012:task/cluster/0123456789abcdef'
  metadata = await startMetadataServer((_request, response) =>
    response.end(JSON.stringify({ TaskARN })),
  )
  folder = mkdtempSync(join(scratch, 'entitlement-table-'))
  writeFileSync(
    join(folder, 'token'),
    fakeToken({
      iss: 'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC',
      'kubernetes.io': { pod: { name: 'app-1', uid: 'b3c1f3f0-0000-4000-8000-000000000000' } },
    }),
  )
})

afterAll(async () => {
  await metadata.close()
  await aws.close()
  rmSync(folder, { recursive: true })
})

afterEach(async () => {
  await harness?.sidecar.stop()
  await aws.control('reset', {})
})

function environmentOf(platform: CasePlatform): Record<string, string> {
  switch (platform) {
    case 'ecs':
      return {
        ECS_CONTAINER_METADATA_URI_V4: metadata.url,
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1',
      }
    case 'eks':
      return {
        KUBERNETES_SERVICE_HOST: '10.0.0.1',
        AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/product',
      }
    case 'local':
      return { AWS_EC2_METADATA_DISABLED: 'true' }
  }
}

/** Sets up AWS, or what stands in its place, to answer like this. */
async function standIn(given: AwsStandIn): Promise<Pick<SidecarOptions, 'settings' | 'files'>> {
  switch (given.kind) {
    case 'yes':
      return {}
    case 'error': {
      const { name, operation = '*' } = given
      await aws.control('faults', { operation, times: 1000, error: name })
      return {}
    }
    case 'resets':
      await aws.control('faults', { times: 1000, drop: 'before' })
      return {}
    case 'hangs':
      await aws.control('faults', { times: 1000, delayMs: 3_600_000 })
      // Half of it is for connecting, which takes a busy machine more than a moment.
      return { settings: { SIDECAR_AWS_TIMEOUT_MS: '1500' } }
    case 'refuses':
      return { settings: { SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:1' } }
    case 'other key':
      return { files: { [publicKeyPath]: otherKey } }
    case 'other region':
      return { settings: { SIDECAR_REGION: 'us-east-1' } }
    case 'no region':
      return { settings: { SIDECAR_REGION: undefined } }
  }
}

async function start(given: EntitlementCase, platform: CasePlatform, route: Route) {
  const { settings, files } = await standIn(given.aws)
  const keyless = route === 'metered' ? { SIDECAR_PUBLIC_KEY_FILE: undefined } : {}
  return startHarness({
    aws,
    dataDir: mkdtempSync(join(folder, 'data-')),
    env: environmentOf(platform),
    settings: { SIDECAR_ROUTE: route, ...keyless, ...settings },
    ...(files === undefined ? {} : { files }),
    // Once only, so that nothing is called twice while a test checks.
    random: () => 0.999,
  })
}

/**
 * Every platform and every route. Rows that are the same anywhere have each of them once, in other pairs from
 * row to row, because each run is a whole sidecar.
 */
function runsOf(given: EntitlementCase, row: number) {
  const { answer, platforms, routes } = given
  const isAnywhere = platforms.length === casePlatforms.length && routes.length === platforms.length
  const isRun = (platform: number, route: number) =>
    !isAnywhere || (platform + row) % routes.length === route
  return platforms.flatMap((platform, index) =>
    routes
      .filter((_, turn) => isRun(index, turn))
      .map((route) => ({
        given,
        platform,
        route,
        title: `${answer} on ${platform}, route ${route}`,
      })),
  )
}

const runs = entitlementCases.flatMap(runsOf)

describe('the table of docs/explain/entitlement.md', () => {
  test('has every error of the model', () => {
    const named = new Set(entitlementCases.map(({ answer }) => answer))
    expect(Object.keys(modelErrors).filter((name) => !named.has(name))).toEqual([])
  })

  test.each(runs)('$title', async ({ given, platform, route }) => {
    const sidecar = await start(given, platform, route)
    harness = sidecar
    expect(sidecar.sidecar.platform).toMatchObject({ name: platform, credentialWarning: undefined })
    await eventually(() => sidecar.sidecar.entitlement.snapshot().state !== 'starting')

    const { status, headers, body } = await sidecar.get('/v1/entitlement')
    expect({ status, code: body['code'], state: body['state'] }).toEqual({
      status: given.status,
      code: given.code,
      state: given.state,
    })
    expect(body['entitled']).toBe(status === 200)
    const retryAfter = Number(headers.get('retry-after') ?? 0)
    const again = retryAfter === 0 ? 'no' : retryAfter < 30 ? 'soon' : 'slowly'
    expect(again).toBe(given.again)

    const [live, ready, metrics] = await Promise.all([
      sidecar.ops('/livez'),
      sidecar.ops('/readyz'),
      sidecar.ops('/metrics'),
    ])
    expect([live.status, ready.status]).toEqual([200, status === 200 ? 200 : 503])
    expect(metrics.text).toContain(`marketplace_entitlement_state{state="${given.state}"} 1\n`)
    expect(metrics.text).toContain(`marketplace_entitled ${status === 200 ? 1 : 0}\n`)
    expect(metrics.text).toContain(
      `marketplace_entitlement_transitions_total{from="starting",to="${given.state}"} 1\n`,
    )
    const outcomes = [
      ...metrics.text.matchAll(/aws_request_duration_seconds_count\{.*outcome="([^"]+)"/g),
    ]
    expect(outcomes.map(([, outcome]) => outcome).at(-1) ?? 'none').toBe(given.outcome)
  })
})
