import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Step } from '../../../src/kernel/events.ts'
import { probeVariables } from '../../kill/probe-variables.ts'

interface SharedSidecarOptions {
  readonly identity: string
  readonly port: number
  readonly emulatorUrl: string
  readonly databaseUrl: string
  readonly leaseSeconds: number
  /** `metered` when absent. */
  readonly route?: 'metered' | 'saas' | undefined
  /** Instead of the demo's product. */
  readonly productFile?: string | undefined
  /** Kills itself when it reaches the step for the n-th time. */
  readonly killAt?: { readonly step: Step; readonly occurrence: number } | undefined
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const probe = new URL('../../kill/phases/phase-probe.ts', import.meta.url).href
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The real program as one of several tasks on one shared ledger. */
export class SharedSidecar {
  readonly #child: ChildProcess
  readonly identity: string
  /** Resolves when it listens, or when it has ended before that. */
  readonly ready: Promise<void>
  readonly exited: Promise<number | null>
  isEnded = false
  readonly log: string[] = []

  constructor(options: SharedSidecarOptions) {
    this.identity = options.identity
    const child = spawn(
      process.execPath,
      ['--import', probe, 'src/main.ts', 'demo', ...argumentsOf(options)],
      { cwd: root, env: environmentOf(options), stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    running.add(child)
    this.exited = new Promise((resolve) => {
      child.once('close', (code) => {
        running.delete(child)
        this.isEnded = true
        resolve(code)
      })
    })
    const listening = new Promise<void>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('{')) this.log.push(line)
        if (line.startsWith('ready ')) resolve()
      })
    })
    createInterface(child.stderr).on('line', (line) => this.log.push(line))
    this.ready = Promise.race([listening, this.exited.then(() => {})])
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

function argumentsOf({
  identity,
  port,
  emulatorUrl,
  route = 'metered',
}: SharedSidecarOptions): string[] {
  const options = { emulator: emulatorUrl, identity, port, 'ops-port': 0, route }
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])
}

function environmentOf({ databaseUrl, leaseSeconds, productFile, killAt }: SharedSidecarOptions) {
  return {
    ...process.env,
    SIDECAR_DATABASE_URL: databaseUrl,
    SIDECAR_LEASE_SECONDS: `${leaseSeconds}`,
    SIDECAR_SEAL_DELAY_SECONDS: '60',
    SIDECAR_SUBMIT_SPREAD_SECONDS: '0',
    SIDECAR_AWS_TIMEOUT_MS: '5000',
    SIDECAR_LOG_LEVEL: 'warn',
    ...(productFile !== undefined && { SIDECAR_PRODUCT_FILE: productFile }),
    ...(killAt && { [probeVariables.killAt]: `${killAt.step}:${killAt.occurrence}` }),
  }
}
