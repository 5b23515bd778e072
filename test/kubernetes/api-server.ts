import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { helmPath, kubectlPath } from '../../scripts/tools/chart-tools.ts'
import { kubernetesTools } from '../../scripts/tools/kubernetes-tools.ts'
import { findFreePort } from '../kill/free-port.ts'
import { eventually } from '../support/eventually.ts'

const run = promisify(execFile)
const token = 'the-token-of-these-tests'

/** A real API server with its database: real admission and real server-side apply. Nothing runs the pods. */
export interface ApiServer {
  helm(...args: readonly string[]): Promise<string>
  kubectl(...args: readonly string[]): Promise<string>
  /** The same with a manifest on standard input. */
  apply(manifest: string, ...args: readonly string[]): Promise<string>
  close(): Promise<void>
}

export async function startApiServer(): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'))
  const [etcdPort, peerPort, port] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ]
  const peer = `http://127.0.0.1:${peerPort}`
  const client = `http://127.0.0.1:${etcdPort}`
  const etcd = start(await kubernetesTools.etcd(), join(folder, 'etcd.log'), [
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ])
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const signer = file('signer.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
  const verifier = file('verifier.pem', String(publicKey.export({ type: 'spki', format: 'pem' })))
  const log = join(folder, 'api-server.log')
  const api = start(await kubernetesTools.apiServer(), log, [
    `--etcd-servers=${client}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--cert-dir=${join(folder, 'certificates')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://example.com',
    `--service-account-signing-key-file=${signer}`,
    `--service-account-key-file=${verifier}`,
    `--token-auth-file=${file('tokens.csv', `${token},tester,tester,system:masters\n`)}`,
    '--authorization-mode=RBAC',
  ])
  const kubeconfig = file('kubeconfig', JSON.stringify(configuration(port)))
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig }
  const kubectl = await kubectlPath()
  const helm = await helmPath()
  const call = async (program: string, args: readonly string[], input = '') => {
    const running = run(program, args, { env, maxBuffer: 64 * 1024 * 1024 })
    running.child.stdin?.end(input)
    return (await running).stdout
  }
  const server: ApiServer = {
    helm: (...args) => call(helm, args),
    kubectl: (...args) => call(kubectl, args),
    apply: (manifest, ...args) => call(kubectl, [...args, '--filename', '-'], manifest),
    async close() {
      for (const child of [api, etcd]) {
        if (child.exitCode !== null) continue
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      rmSync(folder, { recursive: true })
    },
  }
  await eventually(
    async () => {
      if (api.exitCode !== null) throw new Error(readFileSync(log, 'utf8').slice(-4000))
      return (await server.kubectl('get', '--raw', '/readyz')) === 'ok'
    },
    { timeoutMs: 120_000, what: 'the API server' },
  )
  return server
}

function start(program: string, log: string, args: readonly string[]): ChildProcess {
  const output = openSync(log, 'w')
  return spawn(program, args, { stdio: ['ignore', output, output] })
}

/** JSON is YAML too. The server makes its own certificate, which nothing else has seen. */
function configuration(port: number) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
      },
    ],
    users: [{ name: 'tester', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester' } }],
    'current-context': 'test',
  }
}
