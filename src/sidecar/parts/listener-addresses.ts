import type { Events } from '../../kernel/events.ts'
import type { Address } from '../../http/listener/server.ts'
import { listenSettings, type SidecarOptions } from '../sidecar-options.ts'

type Options = Pick<SidecarOptions, 'settings' | 'listenOptions'>

/** Where the application connects, and how often. */
export function appAddress(
  { settings, listenOptions = listenSettings }: Options,
  events: Events,
): Address {
  const { listen, maxConnections, bodyLimitBytes } = settings
  const { app: option } = listenOptions
  const limits = { maxConnections, keptForLoopback: 0, bodyLimitBytes }
  return { ...listen, option, ...limits, onDropped: emitter(events) }
}

/** Where the whole pod network can connect; health checks on this machine still find a place. */
export function opsAddress(
  { settings, listenOptions = listenSettings }: Options,
  events: Events,
): Address {
  const { ops: option } = listenOptions
  const limits = { maxConnections: 256, keptForLoopback: 16, bodyLimitBytes: 1024 }
  return { ...settings.opsListen, option, ...limits, onDropped: emitter(events) }
}

function emitter(events: Events): NonNullable<Address['onDropped']> {
  return (reason) => events.emit('connectionDropped', { reason })
}
