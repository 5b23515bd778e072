import { join } from 'node:path'
import { freePort, lineOf, start } from '../../processes.ts'
import { root, type Build } from '../../servers/build.ts'
import { breakAws, startEmulator } from '../../servers/emulator.ts'
import type { Server } from '../../servers/plain.ts'
import { startSidecar, type Sidecar } from '../../servers/sidecar.ts'
import { largeTagSets } from '../bodies.ts'

/** A sidecar and what attacks it. */
export interface Scene {
  readonly sidecar: Sidecar
  /** Whether AWS has not confirmed the buyer, so that the check is answered with 503. */
  readonly isPending?: boolean
  /** Begins the attack, and returns what ends it. */
  begin(): Promise<() => Promise<void>>
  end(): Promise<void>
}

const dimensions = Array.from({ length: 24 }, (_, index) => `dimension-${index}`)
const emulated = dimensions.flatMap((name) => ['--dimension', name])
const tagSets = 2500

export const scenes: Readonly<Record<string, (build: Build) => Promise<Scene>>> = {
  idle: (build) => fullLedger(build, 'idle'),
  ahead: (build) => fullLedger(build, 'ahead'),
  scrapes: (build) => fullLedger(build, 'scrapes'),
  bodies: (build) => fullLedger(build, 'bodies'),
  waits: undecided,
  answers: largeAnswers,
}

/** The ledger has as many and as large tag sets as it can. */
async function fullLedger({ sidecar: args }: Build, attack: string): Promise<Scene> {
  const emulator = await startEmulator(...emulated)
  const sidecar = await startSidecar(args, emulator.url, dimensions)
  for (const dimension of dimensions)
    for (const body of largeTagSets(dimension, tagSets)) await report(sidecar, body)
  return {
    sidecar,
    begin: () => attackBy(sidecar, attack),
    end: () => endAll(sidecar, emulator),
  }
}

/** AWS confirms nothing, so that a check with `?wait=` is held until its client goes. */
async function undecided({ sidecar: args }: Build): Promise<Scene> {
  const emulator = await startEmulator(...emulated)
  await breakAws(emulator.url, 'RegisterUsage')
  const sidecar = await startSidecar(args, emulator.url, dimensions, {}, [200, 503])
  return {
    sidecar,
    isPending: true,
    begin: () => attackBy(sidecar, 'waits'),
    end: () => endAll(sidecar, emulator),
  }
}

/**
 * What answers in AWS's place sends as much as the sidecar reads, and more: to the records of every hour, which
 * lasts 3 s, and to the calls of a neighbour that are passed on.
 */
async function largeAnswers({ fastSidecar: args }: Build): Promise<Scene> {
  const emulator = await startEmulator(...emulated, '--hour', '3s')
  const aws = await startLargeAws(emulator.url)
  const sidecar = await startSidecar(args, aws.url, dimensions)
  return {
    sidecar,
    async begin() {
      const be = (size: string) => fetch(`${aws.url}/_${size}`, { method: 'POST' })
      await be('large')
      const calm = await attackBy(sidecar, 'answers')
      return async () => {
        await calm()
        await be('plain')
      }
    },
    end: () => endAll(sidecar, aws, emulator),
  }
}

async function startLargeAws(emulatorUrl: string): Promise<Server> {
  const port = await freePort()
  const file = join(root, 'bench/servers/large-aws.ts')
  const { child, program } = start([file, `${port}`, emulatorUrl])
  await lineOf(child, /^ready$/)
  return { ...program, url: `http://127.0.0.1:${port}` }
}

async function attackBy({ url, opsUrl }: Sidecar, attack: string): Promise<() => Promise<void>> {
  const file = join(root, 'bench/servers/attacker.ts')
  const attacker = start([file, attack, new URL(url).port, new URL(opsUrl).port])
  await lineOf(attacker.child, /^attacking$/)
  return () => attacker.program.end()
}

async function report({ url }: Sidecar, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/usage`, { method: 'POST', headers, body })
  if (!answer.ok) throw new Error(`a report was refused: ${await answer.text()}`)
}

async function endAll(...servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.end()))
}
