import { awsLimits } from '../metering/aws-limits.ts'

const { productCodeCharacters, productCodeLength, tagCharacters } = awsLimits

/** AWS's pattern for product codes, without the empty one. */
export const productCodePattern = new RegExp(`^[${productCodeCharacters}]{1,${productCodeLength}}$`)

/** The same in words. */
export const productCodeRange = `1 to ${productCodeLength} letters, digits and -/=:_.@`

/** The shape of region names, such as `us-east-1`, `us-gov-west-1` and `eusc-de-east-1`. */
export const regionPattern = /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/

/** AWS names a hyphen. Its own pattern reads a range there, and so allows characters that it never names. */
export const tagText = new RegExp(`^[${tagCharacters.replace(' -=', String.raw` \-=`)}]+$`)
