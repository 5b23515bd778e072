/** Returns the sentence of a message that says what happened; the others say what to do about it. */
export function firstSentence(text: string): string {
  const end = text.indexOf('. ') + 1
  return end === 0 ? text : text.slice(0, end)
}
