/**
 * An emulated AWS with many customers of one SaaS product: `node seller-emulator.ts <port> <customers> <hourMs>`.
 * Customer n is `customer-n` there and in the bench.
 */
import { demoCustomer, demoProduct } from '../../src/emulator/demo-product.ts'
import { createEmulator } from '../../src/emulator/emulator-server.ts'

const [port, customers, realHourMs] = process.argv.slice(2).map(Number)
const { productCode } = demoProduct

async function main(): Promise<void> {
  const emulator = await createEmulator({
    rate: 3_600_000 / (realHourMs ?? 3_600_000),
    products: [{ ...demoProduct, dimensions: ['requests', 'storage', 'seats'] }],
    customers: Array.from({ length: customers ?? 1 }, (_, index) => ({
      ...demoCustomer(productCode),
      customerIdentifier: `customer-${index}`,
      customerAwsAccountId: `${100_000_000_000 + index}`,
      licenseArn: `arn:aws:license-manager::294406891311:license:l-${index}`,
      registrationTokens: [],
    })),
  })
  await emulator.listen(port ?? 0)
  console.log('emulator ready')
}

void main()
