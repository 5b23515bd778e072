import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { parseDocument } from 'yaml'
import { messageOf, SidecarError } from '../../kernel/errors.ts'
import { checkValue } from './check-scenario.ts'
import type { Fault } from '../control/faults.ts'
import type { EmulatorOptions } from '../emulator-server.ts'
import { hourMs } from '../../metering/hour.ts'
import { faultsOf, referenceMistakes } from './scenario-references.ts'
import { scenarioType, type Scenario } from './scenario-schema.ts'

const extensions = ['.yaml', '.yml', '.json']

/**
 * Reads the scenario of a file into options of an emulator. Throws one `SidecarError` with the code
 * `InvalidArguments` that lists every mistake.
 */
export async function readScenario(path: string): Promise<EmulatorOptions> {
  if (!extensions.includes(extname(path))) {
    throw refuse(path, [`its name must end with one of ${extensions.join(', ')}`])
  }
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw refuse(path, [`it cannot be read: ${messageOf(cause)}`], cause)
  }
  return parseScenario(text, path)
}

/** Does the same for a text, YAML or JSON, that messages call `name`. */
export function parseScenario(text: string, name: string): EmulatorOptions {
  // JSON is YAML, so one parser finds duplicate names, and their places, in both.
  const document = parseDocument(text)
  const syntaxMistakes = [...document.errors, ...document.warnings].map(
    ({ message }) => message.split('\n', 1)[0]?.replace(/:$/, '') ?? message,
  )
  if (syntaxMistakes.length > 0) throw refuse(name, syntaxMistakes)
  const scenario = checkValue(scenarioType, document.toJS())
  if (!scenario.ok) throw refuse(name, scenario.failure)
  const faults = faultsOf(scenario.value)
  const mistakes = [...referenceMistakes(scenario.value), ...(faults.ok ? [] : faults.failure)]
  if (!faults.ok || mistakes.length > 0) throw refuse(name, mistakes)
  return optionsOf(scenario.value, faults.value)
}

function refuse(name: string, mistakes: readonly string[], cause?: unknown): SidecarError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
  const list = mistakes.map((mistake) => `\n  - ${mistake}`).join('')
  return new SidecarError(
    'InvalidArguments',
    `The scenario ${name} has ${count}; docs/reference/emulator.md describes every field.${list}`,
    { cause },
  )
}

function optionsOf(scenario: Scenario, faults: readonly Fault[]): EmulatorOptions {
  const { region, dryRunForm, clock = {}, products, buyers = [], tasks = [], customers } = scenario
  const firstCode = products[0]?.code ?? ''
  return {
    products: products.map(productOf),
    buyers: buyers.map((buyer) => ({ ...buyer, entitled: buyer.entitled ?? true })),
    tasks: tasks.map((task) => ({
      ...task,
      buyer: task.buyer ?? buyers[0]?.id,
      platform: task.platform ?? 'supported',
      credentials: task.credentials ?? 'task',
    })),
    ...(customers === undefined
      ? {}
      : { customers: customers.map((customer) => customerOf(customer, firstCode)) }),
    faults,
    ...(dryRunForm === undefined ? {} : { settings: { dryRunForm } }),
    ...(region === undefined ? {} : { region }),
    ...(clock.start === undefined ? {} : { startAt: clock.start }),
    ...(clock.hourMs === undefined ? {} : { rate: hourMs / clock.hourMs }),
  }
}

function productOf(product: Scenario['products'][number]) {
  const { code, route = 'both', dimensions = [], publicKeyVersions = [1], ...rest } = product
  return {
    ...rest,
    productCode: code,
    route,
    dimensions,
    publicKeyVersion: publicKeyVersions.at(-1) ?? 1,
    olderKeyVersions: publicKeyVersions.slice(0, -1),
  }
}

function customerOf(
  customer: NonNullable<Scenario['customers']>[number],
  firstProductCode: string,
) {
  const { identifier, accountId, subscribed, validTokens = [], expiredTokens = [] } = customer
  return {
    productCode: customer.productCode ?? firstProductCode,
    customerIdentifier: identifier,
    customerAwsAccountId: accountId,
    licenseArn: customer.licenseArn,
    agreementId: customer.agreementId,
    licenseStartsAt: customer.licenseStartsAt,
    licenseEndsAt: customer.licenseEndsAt,
    subscribed: subscribed ?? true,
    leavesAt: customer.leavesAt,
    registrationTokens: validTokens,
    expiredTokens,
  }
}
