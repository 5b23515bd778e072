import type { LogLevel } from '../kernel/log.ts'
import type { Product } from '../product/product.ts'

/** An address to listen on; an IPv6 host is written without brackets. Port 0 lets the system choose. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** `carry` bills usage that missed its window with a later hour, `hold` keeps it for an operator. */
export const lateUsageChoices = ['carry', 'hold'] as const
export type LateUsage = (typeof lateUsageChoices)[number]

/** What the application is told while AWS cannot be reached: 503 (closed), or 200 within the grace time. */
export const failModes = ['closed', 'open'] as const
export type FailMode = (typeof failModes)[number]

/** Everything that the environment and the product file decide, checked and frozen. */
export interface Settings {
  readonly listen: HostPort
  readonly opsListen: HostPort
  readonly dataDir: string
  readonly product: Product
  /** Without a trailing slash; undefined means the endpoint of the region. */
  readonly awsEndpoint: string | undefined
  readonly region: string | undefined
  readonly awsTimeoutMs: number
  readonly failMode: FailMode
  /** 0 where there is no grace. */
  readonly graceMs: number
  readonly sealDelayMs: number
  readonly submitSpreadMs: number
  readonly lateUsage: LateUsage
  readonly zeroRecords: boolean
  readonly flushOnShutdown: boolean
  readonly drainQuietMs: number
  readonly drainDelayMs: number
  /** Never less than `drainDelayMs`. */
  readonly shutdownTimeoutMs: number
  /** A secret: never log it. Undefined lets every local process in. */
  readonly apiToken: string | undefined
  readonly bodyLimitBytes: number
  readonly maxConnections: number
  readonly requestTimeoutMs: number
  readonly maxTagSets: number
  readonly logLevel: LogLevel
  readonly embeddedMetrics: boolean
}

/** Environment variables as the program got them. */
export type Environment = Readonly<Record<string, string | undefined>>
