import { Agent } from 'node:https'

/** A server with TLS on this machine. */
export interface TlsServer {
  readonly port: number
  /** Its self-signed certificate. */
  readonly cert: string
}

interface Connectable {
  createConnection: (this: unknown, options: object, ...rest: readonly unknown[]) => unknown
}

/**
 * Leads TLS connections to `host` to a server of this machine and trusts its certificate, as neither a
 * setting nor the environment can. Returns what undoes it.
 */
export function routeHost(host: string, { port, cert }: TlsServer): () => void {
  const agent = Agent.prototype as unknown as Connectable
  const connect = agent.createConnection
  agent.createConnection = function route(this: unknown, options, ...rest) {
    const isRouted = 'host' in options && options.host === host
    const led = { ...options, host: '127.0.0.1', port, ca: cert, servername: host }
    return connect.call(this, isRouted ? led : options, ...rest)
  }
  return () => {
    agent.createConnection = connect
  }
}
