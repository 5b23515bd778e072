import { isIP, type LookupFunction } from 'node:net'
import { regionOfEndpoint } from '../aws/endpoints.ts'
import { isPrivateAddress } from './private-address.ts'

/** Where AWS is called, as the network checks need it. */
interface EndpointHost {
  readonly url: URL
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** Whether the host is AWS's own, not an emulator or a proxy. */
  readonly isAws: boolean
}

export function endpointHost(url: URL): EndpointHost {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  return { url, host, port, isAws: regionOfEndpoint(url.href) !== undefined }
}

/** Returns `private` when the way to AWS stays inside the VPC. */
export function areaOf(addresses: readonly string[]): 'private' | 'public' {
  return addresses.every(isPrivateAddress) ? 'private' : 'public'
}

/** Returns the system's code of an error, such as `ENOTFOUND`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

/** Creates a lookup that returns known addresses, so that a connection chooses among them. */
export function lookupAmong(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host, { all: wantsAll }, callback) => {
    const [first = { address: '', family: 4 }] = all
    if (wantsAll === true) callback(null, all)
    else callback(null, first.address, first.family)
  }
}
