/** Ends the words of another program with a full stop, unless they end a sentence already or there are none. */
export function asSentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`
}
