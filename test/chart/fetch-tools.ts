import { helmPath, kubectlPath, pythonPath } from '../../scripts/tools/chart-tools.ts'

/** Downloads the tools before the first test, so that no two files download the same one. */
export async function setup(): Promise<void> {
  await helmPath()
  await kubectlPath()
  await pythonPath()
}
