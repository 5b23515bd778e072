/** The outcome of a step that can fail in a way its caller expects: a value, or a failure as data. */
export type Result<T, F> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: F }

/** A result that holds a value. */
export function succeed<T>(value: T): Result<T, never> {
  return { ok: true, value }
}

/** A result that holds a failure. */
export function fail<F>(failure: F): Result<never, F> {
  return { ok: false, failure }
}
