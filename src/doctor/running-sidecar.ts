import { isObject, type Members } from '../kernel/is-object.ts'
import { localUrl } from '../config/local-url.ts'
import type { Result } from '../kernel/result.ts'
import { askListener, type ListenerAnswer, type ListenerFailure } from './ask-listener.ts'
import type { Diagnosis } from './diagnosis.ts'

interface RunningEntitlement {
  readonly entitled: boolean
  readonly state: string
  readonly code: string
  readonly message: string
  readonly productCode: string
}

/** Returns the URL of the application's listener; undefined when the system chooses its port. */
export function appUrl({ values }: Diagnosis): string | undefined {
  const listen = values.get('SIDECAR_LISTEN')
  return listen.port === 0 ? undefined : localUrl(listen)
}

/** Returns the headers that the application has to send: the bearer token, where one is configured. */
export function appHeaders({ values, machine }: Diagnosis): Record<string, string> {
  const path = values.get('SIDECAR_API_TOKEN_FILE')
  try {
    const token = path === undefined ? undefined : machine.reader.readText(path)?.trim()
    return token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }
  } catch {
    // The check of the settings reports what is wrong with the file.
    return {}
  }
}

/** Sends GET /v1/entitlement to a sidecar that may be there. */
export function askEntitlement(
  diagnosis: Diagnosis,
  url: string,
): Promise<Result<ListenerAnswer, ListenerFailure>> {
  return askListener(diagnosis, `${url}/v1/entitlement`, { headers: appHeaders(diagnosis) })
}

/** Reads what a sidecar says about its buyer; undefined when the answer is not a sidecar's. */
export function parseEntitlement(text: string): RunningEntitlement | undefined {
  const { entitled, state, code, message, productCode } = membersOf(text)
  return typeof entitled === 'boolean' && typeof state === 'string'
    ? {
        entitled,
        state,
        code: String(code),
        message: String(message),
        productCode: String(productCode),
      }
    : undefined
}

/** Returns the members of a JSON object; none for any other text. */
export function membersOf(text: string): Members {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}
