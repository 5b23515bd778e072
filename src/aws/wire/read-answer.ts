import { isObject, type Members } from '../../kernel/is-object.ts'
import { isProtocolContentType } from '../../protocol/codec.ts'

/** A successful answer of AWS. */
export interface AwsAnswer {
  /** The JSON as it came. */
  readonly text: string
  readonly members: Members
  /** Whether it has what every answer of AWS has and that of a broken proxy lacks. */
  readonly isOfProtocol: boolean
  /** The name of its type, where it has one: AWS names those of errors. */
  readonly type: string | undefined
}

/** What arrives from the network. */
interface HttpAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  /** A stream of Node; the SDK's types do not say so. */
  readonly body?: unknown
}

/** An answer that is not a success, in the form of the SDK's own errors. */
export class AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode: number }
  /** As in `AwsAnswer`. */
  readonly isOfProtocol: boolean

  constructor(name: string, message: string, status: number, isOfProtocol = false) {
    super(message)
    this.name = name
    this.$metadata = { httpStatusCode: status }
    this.isOfProtocol = isOfProtocol
  }
}

/** The longest text of AWS that is kept: it gets into records, logs and answers. */
const longestMessage = 2048

/** No answer is large, but that of a batch repeats its records and their tags. */
const largestAnswer = 65_536

/**
 * Reads an answer to a request of so many bytes, which ends the call. Throws an `AwsError` for all that is not a
 * JSON object with success.
 */
export async function readAnswer(
  requestBytes: number,
  { statusCode, headers, body }: HttpAnswer,
): Promise<AwsAnswer> {
  const text = await readBody(body, largestAnswer + 2 * requestBytes, statusCode)
  const members = parseObject(text)
  const isSuccess = statusCode >= 200 && statusCode < 300
  const isOfProtocol =
    text !== '' &&
    isProtocolContentType(headers['content-type']) &&
    (headers['x-amzn-requestid'] ?? '') !== ''
  const type = members?.['__type'] ?? headers['x-amzn-errortype']
  if (isSuccess && members !== undefined)
    return {
      text: text === '' ? '{}' : text,
      members,
      isOfProtocol,
      type: type === undefined ? undefined : nameOf(type),
    }
  if (members === undefined)
    throw new AwsError(
      'Unknown',
      `The answer is not a JSON object: ${shorten(text, 200)}`,
      statusCode,
    )
  const name = nameOf(type ?? members['code'])
  const message = members['message'] ?? members['Message']
  const words = typeof message === 'string' && message !== '' ? message : name
  throw new AwsError(name, shorten(words, longestMessage), statusCode, isOfProtocol)
}

async function readBody(body: unknown, limit: number, status: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    // Leaving the loop destroys the stream, and so its connection.
    if (size > limit)
      throw new AwsError('AnswerTooLarge', `The answer is larger than ${limit} bytes.`, status)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Like AWS's SDKs, it reads an empty body as an empty object. */
function parseObject(text: string): Members | undefined {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Removes what surrounds a name: `com.amazonaws.metering#Name`, `Name:http://internal/...`. */
function nameOf(type: unknown): string {
  const text = typeof type === 'string' ? type : ''
  const bare = text.split(',', 1)[0]?.split(':', 1)[0]?.split('#').at(-1)?.trim() ?? ''
  return bare === '' ? 'Unknown' : shorten(bare, 128)
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text
}
