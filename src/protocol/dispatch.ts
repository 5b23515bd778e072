import { parseBody } from './codec.ts'
import type { ServiceResult } from './service-errors.ts'
import type { InputOf, OperationName } from './operations.ts'
import { validateInput } from './validate.ts'

/**
 * What answers each operation: its output members, or an error of AWS. `body` is the JSON that came, with
 * the members that are not in the input because nobody here knows them.
 */
export type OperationHandlers = {
  readonly [O in OperationName]: (
    input: InputOf<O>,
    body: string,
  ) => ServiceResult<object> | Promise<ServiceResult<object>>
}

/** Validates the body of a call and passes it to the handler of its operation. */
export async function dispatch<O extends OperationName>(
  operation: O,
  body: string,
  handlers: Pick<OperationHandlers, O>,
): Promise<ServiceResult<object>> {
  const parsed = parseBody(body)
  if (!parsed.ok) return parsed
  const input = validateInput(operation, parsed.value)
  return input.ok ? handlers[operation](input.value, body) : input
}
