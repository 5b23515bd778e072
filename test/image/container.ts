import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { buildah } from '../../scripts/tools/image-tools.ts'
import { startCommand, type Program } from '../support/program/program.ts'

/** The part of an image's configuration that the tests read. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Labels: Readonly<Record<string, string>>
  readonly ExposedPorts: Readonly<Record<string, object>>
  readonly Volumes?: Readonly<Record<string, object>>
  readonly Healthcheck: { readonly Test: readonly string[] }
}

/** The mounts of a container: the read-only root, `/proc`, a few devices and the volume. */
const script = `set -e
mount --bind "$ROOT" "$ROOT"
mount -t proc -o ro proc "$ROOT/proc"
mount -t tmpfs -o mode=0755 tmpfs "$ROOT/dev"
for device in null zero random urandom; do
  touch "$ROOT/dev/$device"
  mount --bind "/dev/$device" "$ROOT/dev/$device"
done
mount -o remount,ro "$ROOT/dev"
test -z "$VOLUME" || mount --bind "$DATA" "$ROOT$VOLUME"
mount -o "remount,bind,$MODE" "$ROOT"
exec "$@"`

/** Runs an image as Docker, ECS and Kubernetes do: as nobody, without rights, on a read-only root. */
export class Container {
  readonly config: ImageConfig
  /** The bytes of each layer, the base's first. */
  readonly layers: readonly number[]
  /** The file system, seen from outside. */
  readonly root: string
  readonly #name: string
  readonly #data: string

  private constructor(name: string, root: string, image: Inspected) {
    this.#name = name
    this.root = root
    this.config = image.Docker.config
    const manifest = JSON.parse(image.Manifest) as { layers: { size: number }[] }
    this.layers = manifest.layers.map(({ size }) => size)
    this.#data = this.#createVolume()
    mkdirSync(join(root, 'proc'), { recursive: true })
    mkdirSync(join(root, 'dev'), { recursive: true })
  }

  static async of(image: string): Promise<Container> {
    const inspected = JSON.parse(await buildah('inspect', '--type', 'image', image)) as Inspected
    const name = await buildah('from', image)
    return new Container(name, await buildah('mount', name), inspected)
  }

  async remove(): Promise<void> {
    await buildah('rm', this.#name)
    rmSync(this.#data, { recursive: true })
  }

  /** Runs the image's entrypoint, with arguments in place of its CMD if there are any. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const { Entrypoint, Cmd } = this.config
    return this.exec([...Entrypoint, ...(args.length === 0 ? Cmd : args)], env)
  }

  /** Runs any command inside, with the image's environment and additional variables. */
  exec(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
    mode: 'ro' | 'rw' = 'ro',
  ): Program {
    const [user = '', group = ''] = this.config.User.split(':')
    const { root } = this
    const { WorkingDir } = this.config
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const inside = ['/usr/bin/env', '-i', ...this.config.Env, ...variables]
    inside.push('/usr/bin/setpriv', '--no-new-privs')
    inside.push('/usr/bin/nsenter', `--root=${root}`, `--wd=${join(root, WorkingDir)}`)
    inside.push(`--setuid=${user}`, `--setgid=${group}`, ...command)
    return startCommand('unshare', ['--mount', 'sh', '-c', script, 'sh', ...inside], {
      ROOT: root,
      VOLUME: this.volume ?? '',
      DATA: this.#data,
      MODE: mode,
    })
  }

  get volume(): string | undefined {
    return Object.keys(this.config.Volumes ?? {})[0]
  }

  /** Makes a volume as Docker and Fargate do: it gets the owner and mode of the folder in the image. */
  #createVolume(): string {
    const data = mkdtempSync(join(tmpdir(), 'image-volume-'))
    if (this.volume === undefined) return data
    const { uid, gid, mode } = statSync(join(this.root, this.volume))
    chownSync(data, uid, gid)
    chmodSync(data, mode & 0o7777)
    return data
  }

  /** Returns the sorted paths of every file, folder and link inside. */
  files(): readonly string[] {
    // With the types, links are not followed: those to /dev lead to the folders of this machine.
    const all = readdirSync(this.root, { recursive: true, withFileTypes: true })
    return all
      .map(({ parentPath, name }) => `/${relative(this.root, join(parentPath, name))}`)
      .toSorted()
  }
}

interface Inspected {
  readonly Manifest: string
  readonly Docker: { readonly config: ImageConfig }
}
