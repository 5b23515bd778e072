import { readDesiredStatus } from '../platform/ecs-metadata.ts'
import { metadataHttp } from '../platform/metadata-http.ts'
import type { Platform } from '../platform/platform.ts'
import type { SidecarOptions } from './sidecar-options.ts'

/** For one read of the task's status. The agent is on this machine, and the end waits for it. */
const timeoutMs = 1000

/**
 * Whether only this container ends and its task goes on, so that the hour has to stay open: AWS accepts
 * one record for it, and the next container still has usage. Only ECS can say so, and only RUNNING says
 * it; everything else is the end.
 */
export async function taskGoesOn(
  { env }: Pick<SidecarOptions, 'env'>,
  { name }: Pick<Platform, 'name'>,
): Promise<boolean> {
  const uri = env['ECS_CONTAINER_METADATA_URI_V4'] ?? ''
  if (name !== 'ecs' || uri === '') return false
  return (await readDesiredStatus({ uri, http: metadataHttp, timeoutMs })) === 'RUNNING'
}
