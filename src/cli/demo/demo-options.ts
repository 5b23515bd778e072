import { createHash } from 'node:crypto'
import { helpOption, invalidArguments, readArguments } from '../command-line.ts'
import { resolve } from 'node:path'
import type { SidecarError } from '../../kernel/errors.ts'
import { routeNames, routesThat, type Route } from '../../product/routes.ts'
import { parseDuration } from '../duration.ts'
import { demoSources, type DemoSource } from './demo-application.ts'

/** An access key is a task or pod to the emulator: without a name, the one of this machine. */
export function demoCredentials(identity: string | undefined) {
  const accessKeyId =
    identity === undefined
      ? 'AKIADEMOTASKORPOD001'
      : `AKIA${createHash('sha256').update(identity).digest('hex').slice(0, 16).toUpperCase()}`
  return { accessKeyId, secretAccessKey: 'demo' }
}

export const demoHelp = `Runs the sidecar against an emulated AWS on this machine.

usage: marketplace-sidecar demo [options]

  --hour <duration>       how long an hour lasts: 20s, 1m, 1h (1m)
  --route <route>         ${routesThat(() => true, 'or')} (both)
  --product <file>        run this product file, which has the route
  --source <source>       prometheus or otlp: count what a small application shows on its metrics
                          page, or sends as OpenTelemetry does
  --port <n>              the application's port (7070)
  --ops-port <n>          health and metrics (9464)
  --emulator-port <n>     the emulated AWS (7071)
  --emulator <url>        use this running emulator, and its clock, instead of starting one
  --identity <name>       act as the task or pod of this name; several can run on one machine
  --data-dir <directory>  keep the ledger here (default: a temporary one, deleted at the end)

Ctrl-C ends it: the sidecar sends the open hour first. SIDECAR_* variables apply. With
SIDECAR_DATABASE_URL the ledger is in PostgreSQL, in a schema that the demo creates, and demos with
different identities share it.`

export interface DemoOptions {
  readonly hour: string
  readonly route: Route
  /** The product file to run. */
  readonly product: string | undefined
  /** Where the usage of the demo's own product comes from; undefined where it is reported. */
  readonly source: DemoSource | undefined
  readonly port: number
  readonly opsPort: number
  readonly emulatorPort: number
  readonly emulator: string | undefined
  readonly identity: string | undefined
  readonly dataDir: string | undefined
}

/** Reads the arguments of `demo`, or throws InvalidArguments. */
export function parseDemoOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = readArguments('demo', args, {
    options: {
      hour: { type: 'string', default: '1m' },
      route: { type: 'string' },
      product: { type: 'string' },
      source: { type: 'string' },
      port: { type: 'string', default: '7070' },
      'ops-port': { type: 'string', default: '9464' },
      'emulator-port': { type: 'string', default: '7071' },
      emulator: { type: 'string' },
      identity: { type: 'string' },
      'data-dir': { type: 'string' },
      help: helpOption,
    },
  })
  if (values.help) return 'help'
  if (parseDuration(values.hour) === undefined)
    throw invalid(`--hour must be a duration such as 20s or 1m, not ${values.hour}`)
  const { route: wanted = 'both', product } = values
  const route = routeNames.find((known) => known === wanted)
  if (route === undefined)
    throw invalid(`--route must be ${routesThat(() => true, 'or')}, not ${wanted}`)
  if (product !== undefined && values.route !== undefined)
    throw invalid('--route does not go with --product: the product file has the route')
  const source = demoSources.find((known) => known === values.source)
  if (values.source !== undefined && source === undefined)
    throw invalid(`--source must be ${demoSources.join(' or ')}, not ${values.source}`)
  if (source !== undefined && (product !== undefined || wanted === 'hourly' || wanted === 'saas'))
    throw invalid('--source goes with --route metered or both, and with no --product')
  const { identity, 'data-dir': dataDir } = values
  if (identity !== undefined && !/^[\w.-]{1,60}$/.test(identity))
    throw invalid('--identity must be 1 to 60 letters, digits, dots, dashes or underscores')
  return {
    hour: values.hour,
    route,
    product: product === undefined ? undefined : resolve(product),
    source,
    port: portOf('--port', values.port),
    opsPort: portOf('--ops-port', values['ops-port']),
    emulatorPort: portOf('--emulator-port', values['emulator-port']),
    emulator: values.emulator?.replace(/\/+$/, ''),
    identity,
    dataDir: dataDir === undefined ? undefined : resolve(dataDir),
  }
}

function portOf(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw invalid(`${name} must be a number from 0 to 65535, not ${text}`)
}

function invalid(message: string): SidecarError {
  return invalidArguments(`${message}.`, 'demo')
}
