import { createSystemClock } from '../../../src/kernel/clock.ts'
import type { Check, Finding } from '../../../src/doctor/check.ts'
import { Diagnosis } from '../../../src/doctor/diagnosis.ts'
import type { Machine } from '../../../src/doctor/machine.ts'
import { demoProduct } from '../../../src/emulator/demo-product.ts'

export const publicKeyPath = '/public-key.pem'

/** A machine that has nothing, and whose DNS resolves no name. */
export function testMachine(more: Partial<Machine> = {}): Machine {
  return {
    env: {},
    reader: { readText: () => undefined },
    bakedProductFile: '/product.json',
    hostname: 'test-host',
    clock: createSystemClock(),
    timers: more.clock ?? createSystemClock(),
    lookup: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    userId: process.getuid?.(),
    mountInfo: () => undefined,
    callAws: true,
    credentials: { accessKeyId: 'AKIATHISTASK', secretAccessKey: 'secret' },
    ...more,
  }
}

/** The settings of the demo product, for use with an emulator. */
export function demoSettings(more: Readonly<Record<string, string | undefined>> = {}) {
  return {
    SIDECAR_PRODUCT_CODE: demoProduct.productCode,
    SIDECAR_ROUTE: 'both',
    SIDECAR_PUBLIC_KEY_FILE: publicKeyPath,
    SIDECAR_DIMENSIONS: demoProduct.dimensions.join(','),
    SIDECAR_REGION: 'eu-west-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...more,
  }
}

/** The findings of one check alone. */
export async function findingsOf(
  check: Check,
  machine: Partial<Machine>,
): Promise<readonly Finding[]> {
  const diagnosis = new Diagnosis(testMachine(machine))
  try {
    return await check.run(diagnosis)
  } finally {
    diagnosis.close()
  }
}

/** Shortens findings to the status, or the name of the problem. */
export function outcomesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ status, problem }) => problem ?? status)
}
