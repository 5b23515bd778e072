import {
  failureTable,
  namelessRow,
  neverConnectedRow,
  noCredentialsRow,
  onThisMachine,
  serverFaultRow,
  stsUnreachableRow,
  throttledRow,
  unknownRow,
  webIdentityRow,
  type FailureRow,
} from './failure-table.ts'
import type { MeteringFailure } from './metering-api.ts'
import { storableText } from '../kernel/text/storable-text.ts'
import { otherSpelling } from '../protocol/service-errors.ts'

/** What can be read from anything that the SDK, Node or a bug throws. */
interface Facts {
  readonly name: string
  readonly code: string | undefined
  readonly message: string
  /** Only an answer has one. */
  readonly status: number | undefined
  /** No connection opened, so nothing can have been sent. */
  readonly neverConnected: boolean
}

/**
 * Classifies a failed call: whether it may pass, whether AWS may have done it anyway, and what to do.
 * `operation` is AWS's name for the call. `sent` is false when the request was certainly never handed
 * to the network, which leaves the credentials as the cause; `isLocal` when the endpoint is an address of this machine.
 */
export function classifyError(
  error: unknown,
  operation: string,
  { sent = true, isLocal = false }: { readonly sent?: boolean; readonly isLocal?: boolean } = {},
): MeteringFailure {
  const facts = factsOf(error)
  const { code, row: found } = sent ? afterSending(facts, operation) : beforeSending(facts)
  const row = isLocal ? onThisMachine(found) : found
  return {
    code: storableText(code),
    message: storableText(facts.message),
    kind: row.kind,
    ambiguous: sent && row.ambiguous,
    advice: row.advice.replaceAll('{operation}', operation),
  }
}

interface Finding {
  readonly code: string
  readonly row: FailureRow
}

function afterSending(facts: Facts, operation: string): Finding {
  return facts.status === undefined
    ? withoutAnswer(facts)
    : withAnswer(facts, facts.status, operation)
}

function withAnswer(facts: Facts, status: number, operation: string): Finding {
  const name = clarifiedName(facts, operation)
  const row = failureTable.get(name) ?? failureTable.get(otherSpelling(name))
  if (row !== undefined) return { code: name, row }
  const nameless = name === 'Unknown' || name === 'SyntaxError' || name === 'Error'
  const code = nameless ? `Http${status}` : name
  if (status >= 500) return { code, row: serverFaultRow }
  if (status === 429) return { code, row: throttledRow }
  return { code, row: nameless ? namelessRow : unknownRow }
}

/** Some names mean one thing in the model and another from AWS's check of signatures. */
function clarifiedName({ name, message, status }: Facts, operation: string): string {
  if (name === 'ExpiredTokenException') {
    // In the model it is the customer's registration token, and 400. That of the role is AWS's answer to any call.
    const isOfRole = status === 403 || /security token/i.test(message)
    if (operation !== 'ResolveCustomer' || isOfRole) return 'ExpiredToken'
  }
  const aboutTime = /signature (expired|not yet current)/i.test(message)
  if (aboutTime && (name === 'InvalidSignatureException' || name === 'SignatureDoesNotMatch')) {
    return 'RequestTimeTooSkewed'
  }
  return name
}

function withoutAnswer(facts: Facts): Finding {
  const { code, name, message } = facts
  if (code === 'ECONNRESET' && message.includes('before secure TLS connection')) {
    return { code: 'TlsHandshakeFailed', row: neverConnectedRow }
  }
  if (facts.neverConnected) {
    const timedOut = code === undefined || code === 'ETIMEDOUT'
    return { code: timedOut ? 'ConnectTimeout' : code, row: neverConnectedRow }
  }
  // The request handler gives resets the name of a timeout, so the code says more than the name,
  // except for its own timeout, which borrows ETIMEDOUT.
  const keys = code === undefined || code === 'ETIMEDOUT' ? [name, code] : [code, name]
  for (const key of keys) {
    const row = key === undefined ? undefined : failureTable.get(key)
    if (key !== undefined && row !== undefined) return { code: key, row }
  }
  return { code: code ?? name, row: unknownRow }
}

function beforeSending(facts: Facts): Finding {
  const code = facts.status === undefined ? (facts.code ?? facts.name) : facts.name
  if (facts.name === 'CredentialsProviderError' || facts.name === 'ProviderError') {
    return { code: facts.name, row: noCredentialsRow }
  }
  if (facts.status === undefined) {
    const { row } = withoutAnswer(facts)
    if (row === unknownRow) return { code, row: noCredentialsRow }
    return { code, row: row.kind === 'unavailable' ? stsUnreachableRow : row }
  }
  const passing = withAnswer(facts, facts.status, 'AssumeRoleWithWebIdentity').row.kind
  if (passing === 'throttled') return { code, row: throttledRow }
  return { code, row: facts.status >= 500 ? stsUnreachableRow : webIdentityRow }
}

function factsOf(error: unknown): Facts {
  const message = textAt(error, 'message') ?? String(error)
  const code = textAt(error, 'code')
  const name = textAt(error, 'name') ?? 'Error'
  const status = valueAt(valueAt(error, '$metadata'), 'httpStatusCode')
  const inner = valueAt(error, 'errors')
  const attempts = Array.isArray(inner) && inner.length > 0 ? inner : [error]
  return {
    name,
    code,
    // An attempt on several addresses ends in an error that has no message itself.
    message: message === '' ? attempts.map((each) => textAt(each, 'message')).join('; ') : message,
    status: typeof status === 'number' ? status : undefined,
    neverConnected: attempts.every(happenedWhileConnecting),
  }
}

function happenedWhileConnecting(error: unknown): boolean {
  const syscall = textAt(error, 'syscall')
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    // the request handler's connection timeout has no code, only these words
    (textAt(error, 'name') === 'TimeoutError' &&
      (textAt(error, 'message') ?? '').includes('did not establish a connection'))
  )
}

function valueAt(from: unknown, key: string): unknown {
  return typeof from === 'object' && from !== null ? Reflect.get(from, key) : undefined
}

function textAt(from: unknown, key: string): string | undefined {
  const value = valueAt(from, key)
  return typeof value === 'string' ? value : undefined
}
