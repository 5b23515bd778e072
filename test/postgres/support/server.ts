import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needDebianPackages } from '../../../scripts/tools/debian-packages.ts'

/** A real server in a folder of its own, which any process of a test run may stop and start. */
export interface PostgresServer {
  readonly bin: string
  readonly folder: string
  readonly port: number
}

const versions = '/usr/lib/postgresql'
/** Debian's account without rights. PostgreSQL refuses to run as root. */
const nobody = 65_534

/** Makes a cluster and starts it, as an ordinary user and with every setting of its durability as it comes. */
export async function createServerFolder(preload = ''): Promise<PostgresServer> {
  await needDebianPackages({ postgresql: versions })
  const version = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a))[0] ?? ''
  const bin = join(versions, version, 'bin')
  const folder = mkdtempSync(join(tmpdir(), 'sidecar-postgres-'))
  if (isRoot()) chownSync(folder, nobody, nobody)
  const port = await freePort()
  const server = { bin, folder, port }
  runTool(
    server,
    'initdb',
    '-D',
    dataOf(server),
    '-U',
    'owner',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-sync',
  )
  startServer(server, preload)
  return server
}

/** Starts it after a stop or a crash, and waits until it accepts connections. */
export function startServer(server: PostgresServer, preload = ''): void {
  const settings = `-p ${server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${server.folder} -c max_connections=200 -c shared_preload_libraries=${preload}`
  runTool(
    server,
    'pg_ctl',
    '-D',
    dataOf(server),
    '-w',
    '-l',
    join(server.folder, 'log'),
    '-o',
    settings,
    'start',
  )
}

/** Ends it as a power cut does for the processes: nothing is written any more. */
export function crashServer(server: PostgresServer): void {
  runTool(server, 'pg_ctl', '-D', dataOf(server), '-w', '-m', 'immediate', 'stop')
}

export function removeServer(server: PostgresServer): void {
  spawnSync(join(server.bin, 'pg_ctl'), ['-D', dataOf(server), '-m', 'immediate', '-w', 'stop'], {
    ...ordinaryUser(),
    cwd: server.folder,
  })
  rmSync(server.folder, { recursive: true, force: true })
}

export function urlOf({ port }: PostgresServer, database: string, user = 'owner'): string {
  return `postgres://${user}@127.0.0.1:${port}/${database}`
}

function runTool(server: PostgresServer, tool: string, ...args: readonly string[]): void {
  execFileSync(join(server.bin, tool), args, {
    ...ordinaryUser(),
    cwd: server.folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
}

export function dataOf({ folder }: PostgresServer): string {
  return join(folder, 'data')
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Whom the server and its tools run as. */
export function ordinaryUser(): { readonly uid?: number; readonly gid?: number } {
  return isRoot() ? { uid: nobody, gid: nobody } : {}
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
