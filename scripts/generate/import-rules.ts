/**
 * Who may import whom. `oxlint.config.ts` enforces this table, and CONTRIBUTING.md shows it. The rows go
 * from the lowest layer to the highest: a folder imports only from rows above its own.
 */
export const importRules = {
  kernel: [],
  metering: ['kernel'],
  protocol: ['kernel', 'metering'],
  product: ['kernel', 'metering'],
  config: ['kernel', 'metering', 'product'],
  platform: ['kernel'],
  aws: ['kernel', 'metering', 'protocol'],
  store: ['kernel', 'metering'],
  ledger: ['kernel', 'metering', 'store'],
  entitlement: ['kernel', 'product', 'aws'],
  channels: ['kernel', 'metering', 'product', 'aws', 'store', 'ledger'],
  sources: ['kernel', 'metering', 'protocol', 'product', 'store', 'ledger'],
  http: ['kernel', 'metering', 'protocol', 'product', 'store', 'entitlement', 'sources'],
  observe: ['kernel', 'metering', 'store'],
  emulator: ['kernel', 'metering', 'protocol'],
  doctor: 'kernel metering product config platform aws store ledger entitlement sources'.split(' '),
  sidecar:
    'kernel metering protocol product config platform aws store ledger entitlement channels sources http observe'.split(
      ' ',
    ),
  cli: 'kernel metering product config platform aws store ledger entitlement observe emulator doctor sidecar'.split(
    ' ',
  ),
  main: ['kernel', 'cli'],
} as const satisfies Record<string, readonly string[]>

/** Modules that belong in one place or a few, with those places: paths below `src`. */
export const vendorPlaces: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/*': ['aws'],
  '@smithy/*': ['aws'],
  fastify: ['http', 'sources', 'emulator'],
  jose: ['entitlement/register-usage', 'emulator'],
  'node-cron': ['channels'],
  pg: ['store/postgres'],
  pino: ['observe/log'],
  'prom-client': ['observe/prometheus'],
  yaml: ['emulator'],
  'node:sqlite': ['store/sqlite'],
  'node:process': ['main'],
  'node:timers': ['kernel'],
}
