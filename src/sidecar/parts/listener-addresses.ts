import type { Address } from '../../http/listener/server.ts'
import { listenSettings, type SidecarOptions } from '../sidecar-options.ts'

type Options = Pick<SidecarOptions, 'settings' | 'listenOptions'>

/** Where the application connects, and how often. */
export function appAddress({ settings, listenOptions = listenSettings }: Options): Address {
  const { listen, maxConnections } = settings
  return { ...listen, option: listenOptions.app, maxConnections, keptForLoopback: 0 }
}

/** Where the whole pod network can connect; health checks on this machine still find a place. */
export function opsAddress({ settings, listenOptions = listenSettings }: Options): Address {
  const option = listenOptions.ops
  return { ...settings.opsListen, option, maxConnections: 256, keptForLoopback: 16 }
}
