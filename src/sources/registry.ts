import { awsSdkSource } from './aws-sdk/aws-sdk-source.ts'
import { jsonSource } from './json/json-source.ts'
import type { Source } from './source.ts'

/** Every source there is. */
export const sources: readonly Source[] = [jsonSource, awsSdkSource]
