import type { Events } from '../../kernel/events.ts'
import { mostOpenFiles } from '../../kernel/most-open-files.ts'
import type { Address } from '../../http/listener/server.ts'
import { listenSettings, type SidecarOptions } from '../sidecar-options.ts'

const mostOpsConnections = 256
/** What else is open: the ledger, calls to AWS or to a database, and what comes and goes. */
const otherFiles = 100
/** Fewer would be of no use, whatever the limit is. */
const fewestConnections = 16

type Options = Pick<SidecarOptions, 'settings' | 'listenOptions'>

/** Where the application connects, and how often. */
export function appAddress(
  { settings, listenOptions = listenSettings }: Options,
  events: Events,
): Address {
  const { listen, bodyLimitBytes } = settings
  const { app: option } = listenOptions
  const maxConnections = Math.min(settings.maxConnections, roomForConnections())
  const limits = { maxConnections, keptForLoopback: 0, bodyLimitBytes }
  return { ...listen, option, ...limits, onDropped: emitter(events) }
}

/** Where the whole pod network can connect; health checks on this machine still find a place. */
export function opsAddress(
  { settings, listenOptions = listenSettings }: Options,
  events: Events,
): Address {
  const { ops: option } = listenOptions
  const limits = { maxConnections: mostOpsConnections, keptForLoopback: 16, bodyLimitBytes: 1024 }
  return { ...settings.opsListen, option, ...limits, onDropped: emitter(events) }
}

/** What the limit of open files leaves: without a file for them, no call to AWS and no health check gets through. */
function roomForConnections(): number {
  const most = mostOpenFiles()
  if (Number.isNaN(most)) return Infinity
  return Math.max(fewestConnections, most - mostOpsConnections - otherFiles)
}

function emitter(events: Events): NonNullable<Address['onDropped']> {
  return (reason) => events.emit('connectionDropped', { reason })
}
