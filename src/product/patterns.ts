import { awsLimits } from '../metering/aws-limits.ts'

const { productCodeCharacters, productCodeLength, tagCharacters } = awsLimits

/** AWS's pattern for product codes, without the empty one. */
export const productCodePattern = new RegExp(`^[${productCodeCharacters}]{1,${productCodeLength}}$`)

/** The same in words. */
export const productCodeRange = `1 to ${productCodeLength} letters, digits and -/=:_.@`

/** AWS names a hyphen. Its own pattern reads a range there, and so allows characters that it never names. */
export const tagText = new RegExp(`^[${tagCharacters.replace(' -=', String.raw` \-=`)}]+$`)
