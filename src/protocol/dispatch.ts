import { parseBody } from './codec.ts'
import type { ServiceResult } from './service-errors.ts'
import type { InputOf, OperationName } from './operations.ts'
import { validateInput } from './validate.ts'

/** What answers each operation: its output members, or an error of AWS. `Call` is what else it knows of the call. */
export type OperationHandlers<Call = undefined> = {
  readonly [O in OperationName]: (
    input: InputOf<O>,
    call: Call,
  ) => ServiceResult<object> | Promise<ServiceResult<object>>
}

/** Validates the body of a call and passes it to the handler of its operation. */
export async function dispatch<O extends OperationName, Call>(
  operation: O,
  body: string,
  handlers: Pick<OperationHandlers<Call>, O>,
  call: Call,
): Promise<ServiceResult<object>> {
  const parsed = parseBody(body)
  if (!parsed.ok) return parsed
  const input = validateInput(operation, parsed.value)
  return input.ok ? handlers[operation](input.value, call) : input
}
