import { isIP } from 'node:net'
import { connect, type PeerCertificate } from 'node:tls'
import { lookupAmong, systemCode } from './endpoint-host.ts'

interface HandshakeOptions {
  readonly host: string
  /** The addresses of the host. The first one that answers is used. */
  readonly addresses: readonly string[]
  readonly port: number
  readonly ca: string | undefined
  readonly signal: AbortSignal
}

interface Handshake {
  /** Node's code for what is wrong with the certificate or the connection; undefined when nothing is. */
  readonly problem: string | undefined
  /** Who signed the certificate; undefined when the server sent none. */
  readonly issuer: string | undefined
  readonly validTo: string | undefined
  /** The names of the certificate. */
  readonly names: string | undefined
}

/** Opens a TLS connection and reads the certificate, trusted or not. */
export function shakeHands(options: HandshakeOptions): Promise<Handshake> {
  const { host, addresses, port, ca, signal } = options
  return new Promise((resolve) => {
    const socket = connect({
      host,
      lookup: lookupAmong(addresses),
      port,
      servername: isIP(host) === 0 ? host : '',
      // The result below describes the certificate and what is wrong with it.
      rejectUnauthorized: false,
      ...(ca === undefined ? {} : { ca }),
    })
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    socket.once('error', (error) =>
      resolve({
        problem: systemCode(error),
        issuer: undefined,
        validTo: undefined,
        names: undefined,
      }),
    )
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate()
      const error: unknown = socket.authorizationError
      socket.destroy()
      resolve({
        problem: error === null || error === undefined ? undefined : codeOf(error),
        issuer: issuerOf(certificate),
        validTo: certificate.valid_to,
        names: certificate.subjectaltname?.replaceAll(/DNS:|IP Address:/g, ''),
      })
    })
  })
}

/** Node has a string for what OpenSSL found, and an Error for a name that does not match. */
function codeOf(error: unknown): string {
  return typeof error === 'string' ? error : systemCode(error)
}

function issuerOf({ issuer }: PeerCertificate): string {
  const parts = [issuer?.O, issuer?.CN].flat().filter((part) => part !== undefined)
  return parts.length === 0 ? 'no one' : parts.join(', ')
}
