import { SidecarError } from '../../kernel/errors.ts'
import type { ListedProduct } from './demo-emulator.ts'

const keys = ['acme', 'globex'] as const

/** Plays the registration page of the seller: registers the customers of the emulator, as far as there are keys. */
export async function registerCustomers(
  app: string,
  { customers }: ListedProduct,
  apiToken: string | undefined,
): Promise<void> {
  for (const [index, key] of keys.entries()) {
    const registrationToken = customers[index]?.registrationTokens[0]
    if (registrationToken === undefined) continue
    const response = await fetch(`${app}/v1/customers`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiToken !== undefined && { authorization: `Bearer ${apiToken}` }),
      },
      body: JSON.stringify({ key, registrationToken }),
    })
    const text = await response.text()
    // A ledger that was kept may have another one under this key.
    if (!response.ok && response.status !== 409)
      throw new SidecarError(
        'RegistrationUnavailable',
        `The demo could not register ${key}: ${text}`,
      )
  }
}

/** How to report usage of the customers. */
export function customerUsage(app: string, dimension: string): string[] {
  const usage = (key: string, quantity: number) =>
    `  curl -d '{"customer":"${key}","dimension":"${dimension}","quantity":${quantity}}' ${app}/v1/usage`
  return [usage(keys[0], 3), usage(keys[1], 5), `  curl ${app}/v1/customers/${keys[0]}`]
}

/** How a licence ends: what the customer used is sent at once. */
export function licenceEnds(
  app: string,
  emulator: string,
  { customers: [, second] }: ListedProduct,
): string[] {
  const event = { type: 'License Deprovisioned', licenseArn: second?.licenseArn ?? '' }
  return [
    '',
    'End a licence, and look at the records again:',
    `  curl -X POST ${app}/v1/customers/${keys[0]}/end`,
    `  curl -d '${JSON.stringify(event)}' ${emulator}/_emulator/events`,
  ]
}
