import { regionOfEndpoint } from '../../aws/endpoints.ts'
import { detectPlatform } from '../../platform/detect-platform.ts'
import type { Platform } from '../../platform/platform.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

interface FindOptions {
  readonly signal?: AbortSignal
  /** Logs nothing while the platform does not say which task or pod this is. */
  readonly isQuiet?: boolean
}

/** Finds out where the sidecar runs, and logs what is wrong there. */
export async function findPlatform(
  options: Pick<SidecarOptions, 'settings' | 'env' | 'hostname' | 'timers' | 'log'>,
  { signal, isQuiet = false }: FindOptions = {},
): Promise<Platform> {
  const { settings, env, hostname, timers, log } = options
  const { region, awsEndpoint, podUid } = settings
  const platform = await detectPlatform({
    env,
    hostname,
    clock: timers,
    region,
    endpointRegion: awsEndpoint === undefined ? undefined : regionOfEndpoint(awsEndpoint),
    podUid,
    ...(signal && { signal }),
  })
  if (isQuiet && platform.isGuess) return platform
  for (const warning of platform.warnings) log('platform.warning', warning)
  const { credentialWarning } = platform
  if (credentialWarning !== undefined) log('platform.credentials', credentialWarning)
  return platform
}
