/** The sentence for reports of a dimension whose usage comes from elsewhere. */
export function hasSource(dimension: string): string {
  return `By the product file, the usage of ${JSON.stringify(dimension)} comes from another source, and a report would count it twice. Nothing of this request was recorded. Leave the dimension out, or remove its "from" in the product file.`
}
