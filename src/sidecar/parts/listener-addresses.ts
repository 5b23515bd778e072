import type { Settings } from '../../config/settings.ts'
import type { Address } from '../../http/listener/server.ts'

/** Where the application connects, and how often. */
export function appAddress({ listen, maxConnections }: Settings): Address {
  return { ...listen, maxConnections, keptForLoopback: 0 }
}

/** Where the whole pod network can connect; health checks on this machine still find a place. */
export function opsAddress({ opsListen }: Settings): Address {
  return { ...opsListen, maxConnections: 256, keptForLoopback: 16 }
}
