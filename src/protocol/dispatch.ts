import type { ServiceResult } from './service-errors.ts'
import type { InputOf, OperationName } from './operations.ts'
import { validateInput } from './validate.ts'

/** What answers each operation: its output members, or an error of AWS. */
export type OperationHandlers = {
  readonly [O in OperationName]: (
    input: InputOf<O>,
  ) => ServiceResult<object> | Promise<ServiceResult<object>>
}

/** Validates the body of a call and passes it to the handler of its operation. */
export async function dispatch<O extends OperationName>(
  operation: O,
  body: unknown,
  handlers: Pick<OperationHandlers, O>,
): Promise<ServiceResult<object>> {
  const input = validateInput(operation, body)
  return input.ok ? handlers[operation](input.value) : input
}
