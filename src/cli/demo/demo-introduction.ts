import { databaseUrlOf } from '../../config/database-url-of.ts'
import type { Settings } from '../../config/settings.ts'
import { toIso } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Sidecar } from '../../sidecar/sidecar.ts'
import type { CliIo } from '../cli-io.ts'
import { showDuration } from '../duration.ts'
import type { DemoApplication } from './demo-application.ts'
import { customerUsage, licenceEnds, registerCustomers } from './demo-customers.ts'
import type { DemoEmulator } from './demo-emulator.ts'
import type { DemoProductFile } from './demo-product-file.ts'

/** What the demo plays apart from AWS. */
interface Played {
  readonly file: DemoProductFile | undefined
  readonly application: DemoApplication | undefined
}

interface Introduced extends Played {
  readonly sidecar: Pick<Sidecar, 'appPort' | 'opsPort'>
  readonly emulator: DemoEmulator
  readonly settings: Settings
  readonly io: CliIo
  readonly out: (line: string) => void
}

/** Says where everything is and what to try, once the sidecar listens and its customers are registered. */
export function introduce(shown: Introduced): void {
  const { sidecar, emulator, settings, file, io, out } = shown
  const { appPort, opsPort } = sidecar
  const realHour = showDuration(3_600_000 / emulator.rate)
  out(`page         http://localhost:${appPort}/`)
  out(
    `demo         an emulated AWS at ${emulator.url}; an hour lasts ${realHour}; it is ${toIso(emulator.now)} there`,
  )
  const ports = { app: appPort, ops: opsPort }
  const lines = suggestions(ports, emulator.url, settings, shown).map((line) =>
    withToken(line, appPort, io.env['SIDECAR_API_TOKEN_FILE']),
  )
  playCustomers(`http://127.0.0.1:${appPort}`, emulator, settings, file)
    .catch((error: unknown) => out(`customers    ${messageOf(error)}`))
    .finally(() => {
      for (const line of lines) out(line)
    })
}

/** Plays the seller's application where the product has customers: registers them, and listens to AWS's events. */
async function playCustomers(
  app: string,
  emulator: DemoEmulator,
  { apiToken }: Settings,
  file: DemoProductFile | undefined,
): Promise<void> {
  if (file?.hasCustomers !== true) return
  await emulator.postEventsTo(`${app}/v1/events`, apiToken)
  await registerCustomers(app, file.listed, apiToken)
}

function suggestions(
  { app, ops }: { readonly app: number; readonly ops: number },
  emulatorUrl: string,
  settings: Settings,
  { file, application }: Played,
): string[] {
  const directory = databaseUrlOf(settings) === undefined ? settings.dataDir : undefined
  return [
    `ready        the ledger is in ${directory ?? 'the database'}`,
    '',
    'Try, in another terminal:',
    `  curl -f localhost:${app}/v1/entitlement`,
    ...usageLines(`localhost:${app}`, settings, { file, application }),
    `  curl localhost:${app}/v1/usage`,
    `  curl localhost:${ops}/metrics`,
    `  curl ${emulatorUrl}/_emulator/records`,
    ...(directory === undefined ? [] : [`  npm run cli -- ledger show --data-dir ${directory}`]),
    ...(file?.hasCustomers === true
      ? licenceEnds(`localhost:${app}`, emulatorUrl, file.listed)
      : []),
    '',
  ]
}

/** A suggestion as it works where the sidecar wants a token. */
function withToken(line: string, port: number, tokenFile: string | undefined): string {
  return tokenFile === undefined || !line.includes(`localhost:${port}/`)
    ? line
    : `${line} -H "Authorization: Bearer $(cat ${tokenFile})"`
}

function usageLines(app: string, settings: Settings, { file, application }: Played) {
  const { dimensions } = settings.product
  const dimension = dimensions[0]?.name ?? 'requests'
  if (application !== undefined)
    return [
      `  curl ${application.url}/        one more ${dimension}, ${application.says}`,
      ...(application.pageUrl === undefined ? [] : [`  curl ${application.url}/metrics`]),
    ]
  return file?.hasCustomers === true
    ? customerUsage(app, dimension)
    : dimensions
        // What comes from a source cannot be reported, and a unique one needs a member.
        .filter(({ from, aggregate }) => from === undefined && aggregate !== 'unique')
        .slice(0, 1)
        .map(({ name }) => `  curl -d '{"dimension":"${name}","quantity":3}' ${app}/v1/usage`)
}
