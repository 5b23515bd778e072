import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { basename, delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { examplePython } from '../../../scripts/tools/example-tools.ts'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { root, type Ended } from '../program/program.ts'

const run = promisify(execFile)

export interface ProofExample {
  readonly file: string
  /** The tools that must be on the PATH. */
  readonly needs: readonly string[]
  /** The command that runs the copy in `folder`. */
  build(copy: string, folder: string): Promise<readonly [string, ...string[]]>
}

/** What stands in the program, where no environment can change it. */
export interface CompiledIn {
  readonly port: number
  readonly publicKeyPem: string
  /** How long 429 and 503 are tolerated; as in the example when absent. */
  readonly patienceSeconds?: number
}

export const pemForm = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g

const shell: ProofExample = {
  file: 'examples/proof/shell/start.sh',
  needs: ['bash', 'curl', 'openssl'],
  async build(copy) {
    await chmod(copy, 0o755)
    return [copy]
  },
}

const node: ProofExample = {
  file: 'examples/proof/node/check-proof.mjs',
  needs: [],
  build: (copy) => Promise.resolve([process.execPath, copy]),
}

const python: ProofExample = {
  file: 'examples/proof/python/check_proof.py',
  needs: ['python3'],
  build: async (copy) => [await examplePython(), '-I', copy],
}

const go: ProofExample = {
  file: 'examples/proof/go/main.go',
  needs: ['go'],
  async build(copy, folder) {
    const program = join(folder, 'check-proof')
    await run('go', ['build', '-o', program, copy], { cwd: folder })
    return [program]
  },
}

const java: ProofExample = {
  file: 'examples/proof/java/CheckProof.java',
  needs: ['javac', 'java'],
  async build(copy, folder) {
    await run('javac', ['-Xlint:all', '-Werror', '-d', folder, copy])
    return ['java', '-cp', folder, 'CheckProof']
  },
}

export const proofExamples = { shell, node, python, go, java } as const satisfies Record<
  string,
  ProofExample
>

/** Returns the tools of an example that are not on the PATH. */
export function missingTools({ needs }: ProofExample): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return needs.filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))))
}

export type RunExample = (
  args?: readonly string[],
  env?: Readonly<Record<string, string>>,
) => Promise<Ended>

/** A copy of the example in `folder` for the demo product, with its constants replaced, ready to run. */
export async function buildExample(
  example: ProofExample,
  { port, publicKeyPem, patienceSeconds = 60 }: CompiledIn,
  folder: string,
): Promise<RunExample> {
  const copy = join(folder, basename(example.file))
  const constants: readonly [RegExp, string][] = [
    [pemForm, publicKeyPem.trim()],
    [/your-product-code/g, demoProduct.productCode],
    [/localhost:7070/g, `localhost:${port}`],
    [/\b60\b/g, `${patienceSeconds}`],
  ]
  let text = await readFile(join(root, example.file), 'utf8')
  for (const [constant, value] of constants) {
    const places = text.match(constant)?.length ?? 0
    if (places !== 1) throw new Error(`${constant} is in ${example.file} ${places} times, not once`)
    text = text.replace(constant, value)
  }
  await writeFile(copy, text)
  return runner(await example.build(copy, folder))
}

function runner([command, ...before]: readonly [string, ...string[]]): RunExample {
  return (args = [], env = {}) =>
    new Promise((resolve) => {
      const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 15_000 }
      const child = execFile(command, [...before, ...args], options, (_, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      )
    })
}
