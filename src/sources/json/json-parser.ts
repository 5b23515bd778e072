import type { FastifyInstance, FastifyRequest } from 'fastify'
import { SidecarError } from '../../kernel/errors.ts'
import { roundedNumber } from '../../kernel/text/rounded-number.ts'

type ParseJson = (
  request: FastifyRequest,
  text: string,
  done: (error: Error | null, body?: unknown) => void,
) => void

/**
 * Creates the parser of JSON bodies. It refuses members that would change JavaScript's objects, and
 * numbers that JavaScript would round: what is billed is what was written.
 */
export function createJsonParser(app: FastifyInstance): ParseJson {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (request, text, done) => {
    void parse(request, text, (error, body: unknown) => {
      if (error) return done(isJson(text) ? forbiddenMember() : error)
      done(mistakeOfNumbers(text), body)
    })
  }
}

function mistakeOfNumbers(text: string): SidecarError | null {
  try {
    const rounded = roundedNumber(text)
    return rounded === undefined ? null : tooPrecise(rounded)
  } catch {
    // The walk over the members overflowed the stack.
    return new SidecarError('InvalidRequest', 'The body is nested too deeply.')
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function forbiddenMember(): SidecarError {
  return new SidecarError(
    'InvalidRequest',
    'A member is called "__proto__", or "constructor" with a "prototype", which no body may have. Nothing was recorded.',
  )
}

function tooPrecise(number: string): SidecarError {
  const shown = number.length > 40 ? `${number.slice(0, 40)}…` : number
  return new SidecarError(
    'QuantityTooPrecise',
    `The number ${shown} has more digits than a JSON number can hold. Round it, or send it as a string.`,
  )
}
