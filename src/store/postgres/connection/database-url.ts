import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import { SidecarError, messageOf } from '../../../kernel/errors.ts'
import { isLoopback } from '../../../kernel/text/is-loopback.ts'

/** Where the database is and how it is reached, taken from its URL. Holds the password: never log it. */
export interface DatabaseTarget {
  /** A host, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  /** False for loopback and sockets alone. */
  readonly ssl: false | ConnectionOptions
}

const example = 'postgres://sidecar:secret@db.example.com:5432/billing'

/**
 * Reads `postgres://user:password@host:port/database`. The query may hold `host` (the directory of a
 * socket), `sslmode` and `sslrootcert`. A server on another machine is always checked by name and
 * certificate. No message repeats the URL. Throws InvalidSettings.
 */
export function parseDatabaseUrl(text: string): DatabaseTarget {
  const url = URL.parse(text)
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol))
    throw wrong(`the database's URL must look like ${example}`)
  const query = url.searchParams
  for (const name of query.keys())
    if (!['host', 'sslmode', 'sslrootcert'].includes(name))
      throw wrong(
        `the database's URL has the parameter ${name}; it may have host, sslmode and sslrootcert`,
      )
  const host = query.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '')
  if (host === '') throw wrong(`the database's URL names no host; it must look like ${example}`)
  const isNear = host.startsWith('/') || isLoopback(host)
  const mode = query.get('sslmode') ?? (isNear ? 'disable' : 'verify-full')
  if (mode !== 'verify-full' && !(isNear && mode === 'disable'))
    throw wrong(
      `sslmode ${mode} of the database's URL is not allowed; use verify-full. Only a server on this machine may be reached without TLS, with disable`,
    )
  return {
    host,
    port: Number(url.port === '' ? 5432 : url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    database: decoded(url.pathname.slice(1)),
    ssl: mode === 'disable' ? false : tlsOf(host, query.get('sslrootcert')),
  }
}

/** How the database is named in a log line or an error: without user and password. */
export function nameOfDatabase({ host, port, database }: DatabaseTarget): string {
  return `${host}:${port}/${database ?? ''}`
}

function tlsOf(host: string, rootCertificate: string | null): ConnectionOptions {
  const verified: ConnectionOptions = {
    rejectUnauthorized: true,
    // TLS has no name for an address, and without one Node would compare the certificate with "localhost".
    ...(isIP(host) === 0 && { servername: host }),
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  }
  if (rootCertificate === null || rootCertificate === 'system') return verified
  try {
    return { ...verified, ca: readFileSync(rootCertificate, 'utf8') }
  } catch (error) {
    throw wrong(`the certificate that sslrootcert names can't be read: ${messageOf(error)}`)
  }
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part)
}

function wrong(why: string): SidecarError {
  return new SidecarError('InvalidSettings', `SIDECAR_DATABASE_URL: ${why}.`)
}
