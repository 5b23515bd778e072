/**
 * Returns what a body is packed with according to its Content-Encoding, in lower case and by its usual name;
 * undefined where it is sent as it is.
 */
export function contentCoding(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const codings = header
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .map((coding) => (coding === 'x-gzip' ? 'gzip' : coding))
  return codings.length === 0 ? undefined : codings.join(', ')
}
