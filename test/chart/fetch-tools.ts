import { helmPath, kubectlPath, pythonPath } from '../../scripts/tools/chart-tools.ts'

/** Before the first test, so that no two files fetch the same tool. */
export async function setup(): Promise<void> {
  await helmPath()
  await kubectlPath()
  await pythonPath()
}
