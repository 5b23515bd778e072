/** Does long work a slice at a time: wherever it yields, the event loop serves what waits. */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
