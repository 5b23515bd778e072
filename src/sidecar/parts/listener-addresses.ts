import type { Address } from '../../http/listener/server.ts'
import { listenSettings, type SidecarOptions } from '../sidecar-options.ts'

type Options = Pick<SidecarOptions, 'settings' | 'listenOptions'>

/** Where the application connects, and how often. */
export function appAddress({ settings, listenOptions = listenSettings }: Options): Address {
  const { listen, maxConnections, bodyLimitBytes } = settings
  const { app: option } = listenOptions
  return { ...listen, option, maxConnections, keptForLoopback: 0, bodyLimitBytes }
}

/** Where the whole pod network can connect; health checks on this machine still find a place. */
export function opsAddress({ settings, listenOptions = listenSettings }: Options): Address {
  const { ops: option } = listenOptions
  const limits = { maxConnections: 256, keptForLoopback: 16, bodyLimitBytes: 1024 }
  return { ...settings.opsListen, option, ...limits }
}
