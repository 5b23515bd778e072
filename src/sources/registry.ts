import { awsSdkSource } from './aws-sdk/aws-sdk-source.ts'
import { heartbeatSource } from './heartbeat/heartbeat-source.ts'
import { jsonSource } from './json/json-source.ts'
import { otlpSource } from './otlp/otlp-source.ts'
import { prometheusSource } from './prometheus/prometheus-source.ts'
import type { Source } from './source.ts'

/** Every source of usage. */
export const sources: readonly Source[] = [
  jsonSource,
  awsSdkSource,
  prometheusSource,
  otlpSource,
  heartbeatSource,
]
