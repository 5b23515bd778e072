import type { Environment } from '../config/settings.ts'
import type { Clock } from '../kernel/clock.ts'
import type { TextReader } from '../kernel/text/read-text.ts'

/** Everything outside this program that the checks may use. */
export interface Machine {
  readonly env: Environment
  readonly reader: TextReader
  readonly bakedProductFile?: string
  readonly hostname: string
  /** The clock that hours are counted on; in a demo it runs faster. */
  readonly clock: Clock
  /** Real time, for deadlines. */
  readonly timers: Clock
  /** Returns every address of a host; rejects with the system's code. */
  readonly lookup: (host: string) => Promise<readonly string[]>
  readonly randomBytes: (length: number) => Uint8Array
  /** The user of this process; undefined where the system has none. */
  readonly userId: number | undefined
  /** Returns the text of /proc/self/mountinfo; undefined where there is none. */
  readonly mountInfo: () => string | undefined
  /** Whether the checks may call AWS in the name of this task or pod. */
  readonly callAws: boolean
  /** Whether a sidecar that does not run is a failure. */
  readonly expectRunning?: boolean
  /** The certificates to trust instead of the machine's. */
  readonly ca?: string
  /** The host that AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is relative to. */
  readonly credentialsHost?: string
  /** Credentials to use instead of those that the SDK finds. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}
