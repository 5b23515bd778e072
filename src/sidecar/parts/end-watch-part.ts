import type { Timer } from '../../kernel/clock.ts'
import { readDesiredStatus } from '../../platform/ecs-metadata.ts'
import { metadataHttp } from '../../platform/metadata-http.ts'
import type { Platform } from '../../platform/platform.ts'
import { namedSources } from '../../sources/source-states.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/** How often the ECS agent is asked. It answers from memory, 40 times a second for each task. */
const intervalMs = 1000
const timeoutMs = 1000

/**
 * Watches what ECS wants of the task, where a metrics page is read: ECS stops the application first, and its
 * page is gone before the sidecar hears of the end. Calls `onEnd` once, when the task is to stop.
 */
export function startEndWatch(
  { env, timers, settings }: Pick<SidecarOptions, 'env' | 'timers' | 'settings'>,
  { name }: Pick<Platform, 'name'>,
  onEnd: () => void,
): AsyncDisposable {
  const uri = env['ECS_CONTAINER_METADATA_URI_V4'] ?? ''
  const isRead = namedSources(settings.product.dimensions).has('prometheus')
  const stopping = new AbortController()
  let timer: Timer | undefined
  const ask = async () => {
    const { signal } = stopping
    const status = await readDesiredStatus({ uri, http: metadataHttp, timeoutMs, signal })
    if (signal.aborted) return
    if (status === 'STOPPED') onEnd()
    else timer = timers.after(intervalMs, () => void ask())
  }
  if (name === 'ecs' && uri !== '' && isRead) timer = timers.after(intervalMs, () => void ask())
  return {
    [Symbol.asyncDispose]() {
      stopping.abort()
      timer?.cancel()
      return Promise.resolve()
    },
  }
}
