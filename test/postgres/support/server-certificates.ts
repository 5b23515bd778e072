import { execFileSync } from 'node:child_process'
import { chownSync, chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needDebianPackages } from '../../../scripts/tools/debian-packages.ts'
import { asOwner } from './new-database.ts'
import { dataOf, ordinaryUser, urlOf, type PostgresServer } from './server.ts'

/**
 * Gives the server a certificate for `localhost`, and not for its address, from an authority of its own.
 * Returns the files of that authority and of another one.
 */
export async function certify(server: PostgresServer) {
  await needDebianPackages({ openssl: '/usr/bin/openssl' })
  const folder = mkdtempSync(join(tmpdir(), 'sidecar-tls-'))
  const file = (name: string) => join(folder, name)
  const openssl = (command: string, ...files: readonly string[]) =>
    execFileSync('openssl', [...command.split(' '), ...files], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  const authority = (name: string) => {
    const command = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -keyout`
    openssl(command, file(`${name}.key`), '-out', file(`${name}.pem`))
    return file(`${name}.pem`)
  }
  const [ours, other] = [authority('ours'), authority('other')]
  const key = join(dataOf(server), 'server.key')
  const certificate = join(dataOf(server), 'server.crt')
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost')
  const request = file('request')
  openssl('req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout', key, '-out', request)
  const sign = 'x509 -req -days 2 -CAcreateserial -in'
  const by = ['-CA', ours, '-CAkey', file('ours.key'), '-extfile', file('names')]
  openssl(sign, request, ...by, '-out', certificate)
  const { uid, gid } = ordinaryUser()
  for (const path of [key, certificate])
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  chmodSync(key, 0o600)
  const owner = urlOf(server, 'postgres')
  await asOwner(owner, 'ALTER SYSTEM SET ssl = on')
  await asOwner(owner, 'SELECT pg_reload_conf()')
  return { ours, other }
}
