import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { eventually } from '../support/eventually.ts'

/** A network of the kernel. It exists as long as a process holds it. */
interface Namespace {
  readonly pid: number
  readonly holder: ChildProcess
}

export interface Network {
  /** The address of each host. */
  readonly addresses: ReadonlyMap<string, string>
  /** The prefix that makes a command run on the host. */
  enter(host: string): readonly string[]
  close(): void
}

/**
 * Makes hosts that reach only each other. Each has its own loopback and ports, so that tests never collide.
 * Needs root on Linux, and the commands `unshare`, `nsenter` and `ip`.
 */
export async function createNetwork(hosts: readonly string[]): Promise<Network> {
  const hub = await createNamespace()
  inside(hub, 'ip', 'link', 'add', 'bridge0', 'type', 'bridge')
  inside(hub, 'ip', 'link', 'set', 'bridge0', 'up')
  const namespaces = new Map<string, Namespace>()
  const addresses = new Map<string, string>()
  for (const [index, host] of hosts.entries()) {
    const own = await createNamespace()
    const port = `port${index}`
    const peer = ['peer', 'name', 'eth0', 'netns', String(own.pid)]
    inside(hub, 'ip', 'link', 'add', port, 'type', 'veth', ...peer)
    inside(hub, 'ip', 'link', 'set', port, 'master', 'bridge0', 'up')
    const address = `10.255.0.${index + 1}`
    inside(own, 'ip', 'address', 'add', `${address}/24`, 'dev', 'eth0')
    inside(own, 'ip', 'link', 'set', 'lo', 'up')
    inside(own, 'ip', 'link', 'set', 'eth0', 'up')
    namespaces.set(host, own)
    addresses.set(host, address)
  }
  return {
    addresses,
    enter(host) {
      const namespace = namespaces.get(host)
      if (namespace === undefined) throw new Error(`unknown host ${host}`)
      return ['nsenter', `--net=/proc/${namespace.pid}/ns/net`]
    },
    close() {
      for (const { holder } of [hub, ...namespaces.values()]) holder.kill('SIGKILL')
    },
  }
}

/** Starts the process that holds a namespace. It ends with its standard input, so never after this process. */
async function createNamespace(): Promise<Namespace> {
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] })
  const ours = readlinkSync('/proc/self/ns/net')
  const pid = holder.pid ?? 0
  await eventually(() => {
    if (holder.exitCode !== null)
      throw new Error('a network namespace could not be made. This test needs root on Linux.')
    return readlinkSync(`/proc/${pid}/ns/net`) !== ours
  })
  return { pid, holder }
}

function inside({ pid }: Namespace, ...command: string[]): void {
  execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, ...command])
}
