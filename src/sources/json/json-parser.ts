import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { messageOf, SidecarError } from '../../kernel/errors.ts'
import { repeatedMember } from '../../kernel/text/repeated-member.ts'
import { roundedNumber } from '../../kernel/text/rounded-number.ts'
import { contentCoding } from '../content-coding.ts'
import { shownValue } from '../sample-value.ts'

type ParseJson = (
  request: FastifyRequest,
  bytes: Buffer,
  done: (error: Error | null, body?: unknown) => void,
) => void

/**
 * Creates the parser of JSON bodies. It refuses members that would change JavaScript's objects or that come twice,
 * numbers that JavaScript would round, and text that is not UTF-8: what is billed is what was written. It throws
 * InvalidJson, InvalidRequest, QuantityTooPrecise, UnsupportedMediaType.
 */
export function createJsonParser(app: FastifyInstance): ParseJson {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (request, bytes, done) => {
    // Without a route the answer is that, whatever the body is.
    if (request.is404) return done(null)
    const coding = contentCoding(request.headers['content-encoding'])
    if (coding !== undefined) return done(packed(coding))
    const text = bytes.toString()
    if (text.includes(unreadable) && !isUtf8(bytes)) return done(notUtf8())
    void parse(request, text, (error, body: unknown) => {
      if (error) return done(mistakeOfJson(text) ?? forbiddenMember())
      done(mistakeOf(text, body), body)
    })
  }
}

function packed(coding: string): SidecarError {
  return new SidecarError(
    'UnsupportedMediaType',
    `The body is packed with ${JSON.stringify(shownValue(coding))}, and nothing was recorded. Send it as it is, without Content-Encoding.`,
  )
}

/** What stands for bytes that are not UTF-8: names that differ in them alone would be one. */
const unreadable = '\ufffd'

function notUtf8(): SidecarError {
  return new SidecarError(
    'InvalidJson',
    'The body is not UTF-8, which JSON is written in. Nothing was recorded.',
  )
}

/** What `JSON.parse` passes over. */
function mistakeOf(text: string, body: unknown): SidecarError | null {
  try {
    const rounded = roundedNumber(text)
    if (rounded !== undefined) return tooPrecise(rounded)
    const repeated = repeatedMember(text, body)
    return repeated === undefined ? null : ambiguous(repeated)
  } catch {
    // The walk over the members overflowed the stack.
    return new SidecarError('InvalidRequest', 'The body is nested too deeply.')
  }
}

/** In our own words, because the framework's name a content type that the client may not have sent. */
function mistakeOfJson(text: string): SidecarError | undefined {
  if (text === '')
    return new SidecarError('InvalidJson', 'The body is empty. Nothing was recorded.')
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return new SidecarError(
      'InvalidJson',
      `The body could not be read as JSON (${messageOf(error)}). Nothing was recorded.`,
    )
  }
}

function forbiddenMember(): SidecarError {
  return new SidecarError(
    'InvalidRequest',
    'A member is called "__proto__", or "constructor" with a "prototype", which no body may have. Nothing was recorded.',
  )
}

function ambiguous(member: string): SidecarError {
  return new SidecarError(
    'InvalidRequest',
    `An object has the member ${JSON.stringify(shownValue(member))} twice, and only one can count. Nothing was recorded.`,
  )
}

function tooPrecise(number: string): SidecarError {
  return new SidecarError(
    'QuantityTooPrecise',
    `The number ${shownValue(number)} has more digits than a JSON number can hold. Round it, or send it as a string.`,
  )
}
