/** Control characters other than blanks. */
const control = /[^\P{Cc}\t\n\r]/gu

/**
 * Returns the words of another program as every store keeps them: PostgreSQL refuses a NUL, and half of a
 * character is none. A terminal that shows them obeys nothing in them.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replace(control, '\ufffd')
}
