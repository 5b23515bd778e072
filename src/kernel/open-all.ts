/**
 * Runs `open`, which opens one thing after the other and puts each into `opened`. When it throws, closes
 * them in reverse order and throws the same error.
 */
export async function openAll<T>(
  open: (opened: AsyncDisposableStack) => T | Promise<T>,
): Promise<T> {
  const opened = new AsyncDisposableStack()
  try {
    return await open(opened)
  } catch (error) {
    // The caller needs the cause, not what failed while the rest was closed.
    await opened.disposeAsync().catch(() => {})
    throw error
  }
}
