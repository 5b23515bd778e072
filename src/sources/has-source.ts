/** The sentence for reports of a dimension whose usage comes from elsewhere. */
export function hasSource(dimension: string): string {
  return `The product file takes ${JSON.stringify(dimension)} from another source, so that reports would count it twice. Nothing of this request was recorded.`
}
