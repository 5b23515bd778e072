import { isRegionName } from '../kernel/text/region-name.ts'
import { credentialWarning } from './credential-kind.ts'
import { identify, type Identity, type IdentifyOptions } from './identify.ts'
import { succeed } from '../kernel/result.ts'
import { imdsUrlOf, readImdsRegion } from './imds.ts'
import { metadataHttp } from './metadata-http.ts'
import {
  regionSources,
  type Platform,
  type PlatformName,
  type RegionReading,
  type RegionSource,
} from './platform.ts'
import { describeMismatches } from './region-mismatches.ts'
import { regionWarning } from './regions.ts'

export interface DetectPlatformOptions extends IdentifyOptions {
  /** SIDECAR_REGION. */
  readonly region: string | undefined
  /** The region of the host of SIDECAR_AWS_ENDPOINT, where AWS's names have one. */
  readonly endpointRegion: string | undefined
  /** The address of EC2's metadata service; by default the one that AWS's SDKs use. */
  readonly imdsUrl?: string | undefined
  /** For one read of EC2 metadata, ms; default 1000. */
  readonly imdsTimeoutMs?: number
}

/**
 * Finds out which task or pod this is and in which region it runs. It calls only the metadata services
 * of the machine, ends within 12 seconds and never rejects: what it cannot find out is a warning.
 */
export async function detectPlatform(options: DetectPlatformOptions): Promise<Platform> {
  const identity = await identify(options)
  const configured = configuredReadings(options)
  const ec2 = await readEc2(options, identity, configured.readings)
  const readings = [identity.region, ec2.reading, ...configured.readings]
    .filter((reading) => reading !== undefined)
    .toSorted((a, b) => regionSources.indexOf(a.source) - regionSources.indexOf(b.source))
  const [winner] = readings
  const { name, resource, isGuess } = identity
  return {
    name,
    resource,
    isGuess,
    region: winner,
    readings,
    mismatches: describeMismatches(readings),
    warnings: [
      ...identity.warnings,
      ...configured.warnings,
      ...ec2.warnings,
      ...regionWarnings(name, winner, options),
    ],
    credentialWarning: credentialWarning(name, options.env),
  }
}

function configuredReadings({ env, endpointRegion, region }: DetectPlatformOptions): {
  readings: RegionReading[]
  warnings: string[]
} {
  const fromEnvironment = env['AWS_REGION'] ?? ''
  const usable = isRegionName(fromEnvironment)
  const found: readonly (readonly [RegionSource, string | undefined])[] = [
    ['endpoint', endpointRegion],
    ['SIDECAR_REGION', region],
    ['AWS_REGION', usable ? fromEnvironment : undefined],
  ]
  const warnings =
    usable || fromEnvironment === ''
      ? []
      : [
          `AWS_REGION is ${JSON.stringify(fromEnvironment)}, which is not a region name, so it is ignored.`,
        ]
  return {
    readings: found.flatMap(([source, name]) =>
      name === undefined ? [] : [{ source, region: name }],
    ),
    warnings,
  }
}

/**
 * Reads EC2's region where a task or pod does not know its own. Elsewhere, such as on a laptop, EC2
 * never answers, so the second of waiting is spent only when no setting names a region either.
 */
async function readEc2(
  options: DetectPlatformOptions,
  identity: Identity,
  configured: readonly RegionReading[],
): Promise<{ reading: RegionReading | undefined; warnings: string[] }> {
  const { env } = options
  const onAws = identity.name === 'ecs' || identity.name === 'eks'
  const wanted = identity.region === undefined && (onAws || configured.length === 0)
  const disabled = env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true'
  if (!wanted || disabled) return { reading: undefined, warnings: [] }
  const baseUrl = options.imdsUrl === undefined ? imdsUrlOf(env) : succeed(options.imdsUrl)
  const answer = baseUrl.ok
    ? await readImdsRegion({
        baseUrl: baseUrl.value,
        http: options.http ?? metadataHttp,
        timeoutMs: options.imdsTimeoutMs ?? 1000,
        signal: options.signal,
      })
    : baseUrl
  if (answer.ok) {
    return { reading: { source: 'ec2-metadata', region: answer.value }, warnings: [] }
  }
  return {
    reading: undefined,
    warnings: [`The EC2 metadata service did not give the region (${answer.failure}).`],
  }
}

function regionWarnings(
  name: PlatformName,
  winner: RegionReading | undefined,
  { env }: DetectPlatformOptions,
): string[] {
  if (winner !== undefined) {
    const warning =
      name === 'local' || name === 'agentcore' ? undefined : regionWarning(name, winner.region)
    return warning === undefined ? [] : [warning]
  }
  const unread =
    (env['AWS_DEFAULT_REGION'] ?? '') === ''
      ? ''
      : ' (the sidecar does not read AWS_DEFAULT_REGION)'
  return [`No source names a region${unread}. Set SIDECAR_REGION to the region where this runs.`]
}
