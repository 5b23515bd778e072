/** The shape of region names, such as `us-east-1`, `us-gov-west-1` and `eusc-de-east-1`. */
export const regionPattern = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/

export function isRegionName(text: string): boolean {
  return regionPattern.test(text)
}
