/**
 * Installs Debian's Prometheus and promtool into `.cache`: `node scripts/tools/prometheus-tools.ts` prints their
 * paths.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePath, unpackDebianPackage } from './bring-tools.ts'
import { cached } from './tool-cache.ts'

const self = fileURLToPath(import.meta.url)

interface PrometheusTools {
  readonly prometheus: string
  readonly promtool: string
}

export async function prometheusTools(): Promise<PrometheusTools> {
  const folder = await cached(cachePath('prometheus/debian'), [self], (home) =>
    unpackDebianPackage('prometheus', home),
  )
  const bin = join(folder, 'usr/bin')
  return { prometheus: join(bin, 'prometheus'), promtool: join(bin, 'promtool') }
}

if (import.meta.main) console.log(await prometheusTools())
