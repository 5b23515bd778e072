import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { needDebianPackages } from '../../../scripts/tools/debian-packages.ts'
import { eventually } from '../../support/eventually.ts'
import { findFreePort } from '../../kill/free-port.ts'
import { asOwner } from './new-database.ts'
import { ordinaryUser, type PostgresServer } from './server.ts'

const program = '/usr/sbin/pgbouncer'

/** A pooler in transaction mode with two connections to the server for all of its clients; it ends with the test. */
export async function startPgbouncer(server: PostgresServer) {
  await needDebianPackages({ pgbouncer: program })
  const port = await findFreePort()
  const file = join(server.folder, `pgbouncer-${port}.ini`)
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${server.port} user=owner
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
`,
  )
  // With "auth_type = any" everyone is this user.
  const child = spawn(program, ['-q', file], { ...ordinaryUser(), cwd: server.folder })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const kill = () => child.kill('SIGKILL')
  // Before anything that can fail, and when the worker itself ends early.
  process.once('exit', kill)
  onTestFinished(async () => {
    kill()
    await ended
    process.off('exit', kill)
  })
  const through = (url: string) => {
    const own = new URL(url)
    own.port = `${port}`
    return own.href
  }
  const isUp = () =>
    asOwner(through(`postgres://owner@127.0.0.1:${server.port}/postgres`), 'SELECT 1').then(
      () => true,
      () => false,
    )
  await eventually(isUp, { what: 'pgbouncer' })
  return { through }
}
