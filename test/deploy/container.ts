import { spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Mount {
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

export interface ContainerOptions {
  /** A new folder for the container's root. */
  readonly folder: string
  /** The command that enters the container's network. */
  readonly enter: readonly string[]
  readonly hosts: ReadonlyMap<string, string>
  readonly mounts: readonly Mount[]
  /** Folders in the image that its user owns. */
  readonly ownFolders: readonly string[]
  readonly readOnly: boolean
  readonly user: string
  readonly env: Readonly<Record<string, string>>
}

export interface Ended {
  readonly code: number | null
  readonly out: string
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process tree's view of the machine, as an engine makes it from an image: root, user, network, mounts. */
export class Container {
  readonly #options: ContainerOptions
  readonly #root: string
  #main: { child: ChildProcess; ended: Promise<Ended> } | undefined
  #output = ''

  constructor(options: ContainerOptions) {
    this.#options = options
    this.#root = join(options.folder, 'root')
    for (const name of ['usr', 'proc', 'dev', 'etc', 'tmp'])
      mkdirSync(join(this.#root, name), { recursive: true })
    for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(this.#root, name))
    const names = [...options.hosts].map(([name, address]) => `${address} ${name}\n`)
    writeFileSync(join(this.#root, 'etc/hosts'), `127.0.0.1 localhost\n${names.join('')}`)
    writeFileSync(join(this.#root, 'etc/nsswitch.conf'), 'hosts: files\n')
    for (const path of options.ownFolders) this.#makeOwn(join(this.#root, path))
    for (const { source, target } of options.mounts) this.#makeMountPoint(source, target)
  }

  /** The output of the main process so far. */
  get output(): string {
    return this.#output
  }

  get isRunning(): boolean {
    return this.#main?.child.exitCode === null && this.#main.child.signalCode === null
  }

  start(command: readonly string[]): void {
    this.#main = this.#spawn(command, (text) => (this.#output += text))
  }

  /** Runs another process in the container until it ends. */
  async run(command: readonly string[]): Promise<Ended> {
    return this.#spawn(command, () => {}).ended
  }

  /** Asks the main process to end, and kills it if it does not. */
  async stop(graceMs: number): Promise<Ended> {
    if (this.#main === undefined) throw new Error('the container was not started')
    const { child, ended } = this.#main
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    const outcome = await ended
    clearTimeout(timer)
    return outcome
  }

  kill(): void {
    this.#main?.child.kill('SIGKILL')
  }

  #makeOwn(path: string): void {
    const [uid = 0, gid = 0] = this.#options.user.split(':').map(Number)
    mkdirSync(dirname(path), { recursive: true })
    mkdirSync(path, { mode: 0o700 })
    chownSync(path, uid, gid)
  }

  #makeMountPoint(source: string, target: string): void {
    const path = join(this.#root, target)
    if (existsSync(path)) return
    if (statSync(source).isDirectory()) mkdirSync(path, { recursive: true })
    else {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, '')
    }
  }

  #spawn(command: readonly string[], print: (text: string) => void) {
    const { enter, env, user } = this.#options
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const inRoot = ['chroot', `--userspec=${user}`, '--groups=', this.#root]
    const whole = [...inRoot, '/usr/bin/env', '-i', ...variables, ...command]
    // Each of these replaces itself with the next, so that a signal reaches the last one.
    const script = `${this.#mountScript()} exec "$@"`
    const [first = '', ...rest] = [
      ...enter,
      'unshare',
      '--mount',
      'sh',
      '-ec',
      script,
      'sh',
      ...whole,
    ]
    const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let out = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text
        print(text)
      })
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        running.delete(child)
        resolve({ code, out })
      })
    })
    return { child, ended }
  }

  /** The mounts are in the process's namespace and end with it. */
  #mountScript(): string {
    const { mounts, readOnly } = this.#options
    const bind = (source: string, target: string, isReadOnly: boolean) => {
      const path = quote(join(this.#root, target))
      const remount = isReadOnly ? ` mount -o remount,bind,ro ${path};` : ''
      return `mount --rbind ${quote(source)} ${path};${remount}`
    }
    const system = [
      bind('/usr', 'usr', true),
      bind('/proc', 'proc', false),
      bind('/dev', 'dev', false),
    ]
    const own = mounts.map(({ source, target, readOnly: isReadOnly }) =>
      bind(source, target, isReadOnly),
    )
    return [bind(this.#root, '', readOnly), ...system, ...own].join(' ')
  }
}

function quote(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`
}
