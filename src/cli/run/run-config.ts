import { describeSettings } from '../../config/settings/describe-settings.ts'
import {
  invalidSettings,
  loadSettings,
  readSettings,
  type LoadedSettings,
  type LoadSettingsOptions,
} from '../../config/load-settings.ts'
import { readProductFile } from '../../product/load-product.ts'
import type { ProductFile } from '../../product/product.ts'
import { productWarnings } from '../../product/product-warnings.ts'
import { dataDirectoryCheck } from '../../doctor/checks/check-data-directory.ts'
import { Diagnosis } from '../../doctor/diagnosis.ts'
import type { Machine } from '../../doctor/machine.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { productFacts, productLines } from '../product-facts.ts'
import { renderTable } from '../text-table.ts'

/** Prints every setting, secrets redacted, and the product: `run --print-config`. Throws InvalidSettings. */
export function printConfig(io: CliIo, machine: Machine, json: boolean): number {
  const settings = loadSettings(machine.env, machine.reader, bakedFileOf(machine))
  const product = productOf(settings, machine)
  const lines = describeSettings(settings)
  if (json) {
    const facts = { file: settings.productFile ?? null, ...productFacts(product) }
    io.out(JSON.stringify({ settings: lines, product: facts }, null, 2))
    return exitCodes.ok
  }
  const table = renderTable(
    [{ title: 'setting' }, { title: 'value', shrinks: true }, { title: 'source', shrinks: true }],
    lines.map(({ name, value, source }) => [name, value, source]),
  )
  for (const line of [...table, '', ...productLines(product)]) io.out(line)
  return exitCodes.ok
}

/**
 * Checks everything that a start reads, and whether the data directory can be used: `run --check`.
 * Throws InvalidSettings with every mistake.
 */
export async function checkConfig(io: CliIo, machine: Machine, json: boolean): Promise<number> {
  const settings = readSettings(machine.env, machine.reader, bakedFileOf(machine))
  const findings = await dataDirectoryCheck.run(new Diagnosis(machine))
  const all = [
    ...(settings.ok ? [] : settings.failure),
    ...findings
      .filter(({ status }) => status === 'fail')
      .map(({ message, fix }) => `SIDECAR_DATA_DIR: ${message} ${fix}`),
  ]
  const warnings = settings.ok ? productWarnings(productOf(settings.value, machine)) : []
  if (json) {
    io.out(JSON.stringify({ ok: all.length === 0, mistakes: all, warnings }, null, 2))
    return all.length === 0 ? exitCodes.ok : exitCodes.misconfigured
  }
  if (all.length > 0) throw invalidSettings(all)
  io.out(
    warnings.length === 0
      ? 'The settings, the product and the data directory are fine.'
      : 'The settings, the product and the data directory are valid, with warnings:',
  )
  for (const warning of warnings) io.out(`warning        ${warning}`)
  return exitCodes.ok
}

function bakedFileOf({ bakedProductFile }: Machine): LoadSettingsOptions {
  return bakedProductFile === undefined ? {} : { bakedProductFile }
}

/** The product that is metered, with the codes that its file trusts. */
function productOf({ product, productFile }: LoadedSettings, { reader }: Machine): ProductFile {
  const file = productFile === undefined ? undefined : readProductFile(productFile, reader)
  return {
    ...product,
    trustedProductCodes: file?.ok ? file.value.trustedProductCodes : [],
    settings: file?.ok ? file.value.settings : new Map(),
  }
}
