import { loadSettings } from '../../config/load-settings.ts'
import type { Environment, Settings } from '../../config/settings.ts'
import { demoProduct } from '../../emulator/demo-product.ts'
import { fileReader, type TextReader } from '../../kernel/text/read-text.ts'
import { routeOf } from '../../product/routes.ts'
import type { DemoEmulator } from './demo-emulator.ts'
import type { DemoOptions } from './demo-options.ts'
import type { DemoProductFile } from './demo-product-file.ts'

const publicKeyFile = '/demo/public-key.pem'

interface DemoWorld {
  readonly env: Environment
  /** Also reads the public key and the product file as the demo changes it, which are in no file. */
  readonly reader: TextReader
}

/** The demo's settings. Throws InvalidSettings. */
export function demoSettings(...world: Parameters<typeof demoWorld>): Settings {
  const { env, reader } = demoWorld(...world)
  return loadSettings(env, reader)
}

/** The demo's environment. SIDECAR_* variables of `env` override those that are not options; so does a product file. */
export function demoWorld(
  emulator: DemoEmulator,
  { route, port, opsPort }: Pick<DemoOptions, 'route' | 'port' | 'opsPort'>,
  dataDir: string,
  env: Environment,
  file?: DemoProductFile,
): DemoWorld {
  // A file is the whole identity of a product.
  const hasFile = file !== undefined || env['SIDECAR_PRODUCT_FILE'] !== undefined
  const given = Object.entries(env).filter(([name]) => name.startsWith('SIDECAR_'))
  const demoEnv = {
    SIDECAR_REGION: file?.region ?? 'us-east-1',
    SIDECAR_DRAIN_QUIET_MS: '300',
    SIDECAR_DRAIN_DELAY_MS: '1500',
    SIDECAR_SHUTDOWN_TIMEOUT_MS: '4000',
    SIDECAR_LOG_LEVEL: 'error',
    ...(file?.hasCustomers === true && { SIDECAR_SEAL_DELAY_SECONDS: '300' }),
    ...(!hasFile && {
      SIDECAR_PRODUCT_CODE: demoProduct.productCode,
      SIDECAR_DIMENSIONS: demoProduct.dimensions.join(','),
    }),
    ...Object.fromEntries(given),
    SIDECAR_LISTEN: `127.0.0.1:${port}`,
    SIDECAR_OPS_LISTEN: `127.0.0.1:${opsPort}`,
    SIDECAR_DATA_DIR: dataDir,
    SIDECAR_AWS_ENDPOINT: emulator.url,
    ...(!hasFile && productOf(route)),
    ...(file !== undefined && { SIDECAR_PRODUCT_FILE: file.path }),
  }
  const reader: TextReader = {
    readText: (path) => {
      if (path === publicKeyFile) return emulator.publicKeyPem
      return path === file?.path ? file.text : fileReader.readText(path)
    },
  }
  return { env: demoEnv, reader }
}

function productOf(route: DemoOptions['route']): Environment {
  return {
    SIDECAR_ROUTE: route,
    ...(routeOf(route).needs.includes('publicKeys') && {
      SIDECAR_PUBLIC_KEY_FILE: publicKeyFile,
      SIDECAR_PUBLIC_KEY_VERSION: String(demoProduct.publicKeyVersion),
    }),
  }
}
