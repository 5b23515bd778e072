import { isObject, type Members } from '../kernel/is-object.ts'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { EntitlementSnapshot } from './entitlement-state.ts'

/** Stores a few texts that outlive the process. */
export interface Notebook {
  recall(name: string): Promise<string | undefined>
  /** Resolves when it is on disk. */
  remember(name: string, value: string): Promise<void>
}

interface GraceOptions {
  readonly notebook: Notebook
  readonly clock: Clock
  readonly log: Log
  /** What the memory is about. What another task, pod, product or route proved does not count. */
  readonly subject: {
    readonly resource: string
    readonly productCode: string
    readonly route: string
  }
  readonly failMode: 'closed' | 'open'
  readonly graceMs: number
}

interface Memory {
  /** When the buyer was last known to be entitled, ms. */
  readonly entitledAt: number | undefined
  /** When AWS was first unreachable after that, ms. */
  readonly unreachableSince: number | undefined
  /** Whether AWS's last answer was no. */
  readonly denied: boolean
}

const noteName = 'entitlement'
const blank: Memory = { entitledAt: undefined, unreachableSince: undefined, denied: false }
/** How far ahead of the clock a memory may be; more means a clock that was set back, or a forgery. */
const toleratedSkewMs = 300_000

/**
 * Decides how long the product may run while AWS cannot be asked. After a restart that is the grace
 * time since it was last entitled; with the fail mode `open` also since AWS became unreachable. The
 * memory of a task or pod outlives a restart, so that a restart does not renew the grace time.
 */
export class Grace {
  readonly #options: GraceOptions
  #memory: Memory
  #recalling = new AbortController()

  private constructor(options: GraceOptions, remembered: string | undefined) {
    this.#options = options
    this.#memory = this.#read(remembered)
  }

  /** Begins with what the notebook remembers of an earlier start. */
  static async open(options: GraceOptions): Promise<Grace> {
    return new Grace(options, await options.notebook.recall(noteName))
  }

  /** Fires at the next `recallAgain`: a sidecar that waits to ask AWS again has more to go by. */
  get recalled(): AbortSignal {
    return this.#recalling.signal
  }

  /**
   * Reads what an earlier start noted, for a notebook that could not say so at the start. What AWS has said since
   * counts more.
   */
  async recallAgain(): Promise<void> {
    const { notebook, log } = this.#options
    const text = await notebook.recall(noteName).catch((error: unknown) => {
      log(
        'entitlement.not-remembered',
        `The ledger could not say when the buyer was last entitled, so there may be no grace time: ${messageOf(error)}`,
      )
      return undefined
    })
    const earlier = this.#read(text)
    const { entitledAt, unreachableSince, denied } = this.#memory
    const hasAnswered = entitledAt !== undefined || denied
    const since = earlier.unreachableSince ?? unreachableSince
    this.#write(hasAnswered ? this.#memory : { ...earlier, unreachableSince: since })
    const recalled = this.#recalling
    this.#recalling = new AbortController()
    recalled.abort()
  }

  /**
   * Notes that AWS has not decided, and returns until when the product may run anyway, ms; undefined
   * when it may not. `outage`: AWS or the way to it failed, not the role or a setting.
   */
  until(outage: boolean): number | undefined {
    const { clock, failMode, graceMs } = this.#options
    const now = clock.now()
    if (outage && this.#memory.unreachableSince === undefined)
      this.#write({ ...this.#memory, unreachableSince: now })
    const { entitledAt, unreachableSince, denied } = this.#memory
    if (denied) return undefined
    const beginnings = [entitledAt, outage && failMode === 'open' ? unreachableSince : undefined]
    const ends = beginnings.flatMap((at) => (at === undefined ? [] : [at + graceMs]))
    const end = Math.max(...ends)
    return end > now ? end : undefined
  }

  /** Notes what AWS has said. Noting `entitled` again restarts the grace time. */
  note({ state }: Pick<EntitlementSnapshot, 'state'>): void {
    if (state === 'entitled') this.#write({ ...blank, entitledAt: this.#options.clock.now() })
    else if (state === 'denied' && !this.#memory.denied) this.#write({ ...blank, denied: true })
  }

  #write(memory: Memory): void {
    this.#memory = memory
    const { notebook, subject, log } = this.#options
    notebook
      .remember(noteName, JSON.stringify({ ...subject, ...memory }))
      .catch((error: unknown) => {
        log(
          'entitlement.not-remembered',
          `The ledger could not note the entitlement, so a restart while AWS is unreachable may have no grace: ${messageOf(error)}`,
        )
      })
  }

  #read(text: string | undefined): Memory {
    const { subject, clock } = this.#options
    const found = text === undefined ? undefined : parseObject(text)
    if (found === undefined) return blank
    const isOurs = Object.entries(subject).every(([name, value]) => found[name] === value)
    if (!isOurs) return blank
    const latest = clock.now() + toleratedSkewMs
    const instant = (value: unknown) =>
      typeof value === 'number' && value <= latest ? value : undefined
    return {
      entitledAt: instant(found['entitledAt']),
      unreachableSince: instant(found['unreachableSince']),
      denied: found['denied'] === true,
    }
  }
}

function parseObject(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
