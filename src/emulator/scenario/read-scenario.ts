import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { parseDocument } from 'yaml'
import { messageOf, SidecarError } from '../../kernel/errors.ts'
import { checkValue } from './check-scenario.ts'
import type { EmulatorOptions } from '../emulator-server.ts'
import { hourMs } from '../../metering/types.ts'
import { checkReferences, toFault } from './scenario-references.ts'
import { scenarioType, type Scenario } from './scenario-schema.ts'

const extensions = ['.yaml', '.yml', '.json']

/**
 * The options of an emulator that plays the scenario of a file. Throws one `SidecarError` with the
 * code `InvalidArguments` that lists every mistake.
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

/** The same for a text, YAML or JSON; `name` is what messages call it. */
export function parseScenario(text: string, name: string): EmulatorOptions {
  const mistakes: string[] = []
  // JSON is YAML, so that one parser finds doubled names and places in both.
  const document = parseDocument(text)
  for (const { message } of [...document.errors, ...document.warnings]) {
    mistakes.push(message.split('\n', 1)[0]?.replace(/:$/, '') ?? message)
  }
  if (mistakes.length > 0) throw refuse(name, mistakes)
  const report = (mistake: string) => mistakes.push(mistake)
  const scenario = checkValue(scenarioType, document.toJS(), '', report)
  if (mistakes.length === 0) checkReferences(scenario, report)
  if (mistakes.length > 0) throw refuse(name, mistakes)
  return optionsOf(scenario)
}

function refuse(name: string, mistakes: readonly string[], cause?: unknown): SidecarError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
  const list = mistakes.map((mistake) => `\n  - ${mistake}`).join('')
  return new SidecarError(
    'InvalidArguments',
    `The scenario ${name} has ${count}; docs/emulator.md describes every field.${list}`,
    { cause },
  )
}

function optionsOf(scenario: Scenario): EmulatorOptions {
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
    faults: (scenario.faults ?? []).map(toFault),
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
    licenseStartsAt: customer.licenseStartsAt,
    licenseEndsAt: customer.licenseEndsAt,
    subscribed: subscribed ?? true,
    leavesAt: customer.leavesAt,
    registrationTokens: validTokens,
    expiredTokens,
  }
}
