import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import type { ImageSettings } from '../support/deploy/dockerfile.ts'
import { Container, type Ended, type Mount } from './container.ts'
import { createNetwork, type Network } from './network.ts'

/** The model of compose.yaml from Docker Compose's own reader, as far as it is used here. */
export interface ComposeModel {
  readonly services: Readonly<Record<string, Service>>
}
interface Service {
  readonly image: string
  readonly build?: { readonly target: string }
  readonly entrypoint: readonly string[] | null
  readonly command: readonly string[] | null
  readonly environment?: Readonly<Record<string, string>>
  readonly network_mode?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly volumes?: readonly {
    readonly type: string
    readonly source: string
    readonly target: string
    readonly read_only?: boolean
  }[]
  readonly read_only?: boolean
  readonly stop_grace_period?: string
}

/** An image without its file system: how its container starts, and the programs in it. */
export interface Image extends ImageSettings {
  readonly files: readonly Mount[]
}

const startTimeoutMs = 30_000

/** Runs the services of a compose file as containers without images, and without an engine. */
export class ComposeEngine {
  readonly #model: ComposeModel
  readonly #images: (service: string) => Image
  readonly #folder: string
  readonly #network: Network
  readonly #containers = new Map<string, Container>()

  private constructor(
    model: ComposeModel,
    images: (service: string) => Image,
    folder: string,
    network: Network,
  ) {
    this.#model = model
    this.#images = images
    this.#folder = folder
    this.#network = network
  }

  /** `image` gives the image of a service, by the service's name. */
  static async create(
    model: ComposeModel,
    image: (service: string) => Image,
    folder: string,
  ): Promise<ComposeEngine> {
    const hosts = Object.keys(model.services).filter((name) => hostOf(model, name) === name)
    return new ComposeEngine(model, image, folder, await createNetwork(hosts))
  }

  /** Starts every service as soon as its dependencies have reached the conditions that it names. */
  async up(): Promise<void> {
    for (const name of startOrder(this.#model)) {
      for (const [other, { condition }] of Object.entries(this.#service(name).depends_on ?? {}))
        await this.#reaches(other, condition)
      const image = this.#images(name)
      const { entrypoint, command } = this.#service(name)
      const container = this.#create(name, image)
      // As in Docker, an entrypoint of the service replaces the image's arguments too.
      const usual = entrypoint === null ? image.cmd : []
      container.start([...(entrypoint ?? image.entrypoint), ...(command ?? usual)])
      this.#containers.set(name, container)
    }
  }

  /** Asks the service to end, and kills it when its grace period is over. */
  stop(name: string): Promise<Ended> {
    const grace = /^(\d+)s$/.exec(this.#service(name).stop_grace_period ?? '10s')?.[1]
    return this.container(name).stop(Number(grace) * 1000)
  }

  container(name: string): Container {
    const container = this.#containers.get(name)
    if (container === undefined) throw new Error(`${name} does not run`)
    return container
  }

  /** Kills every running container. */
  close(): void {
    for (const container of this.#containers.values()) container.kill()
    this.#network.close()
  }

  #service(name: string): Service {
    const service = this.#model.services[name]
    if (service === undefined) throw new Error(`unknown service ${name}`)
    return service
  }

  async #reaches(name: string, condition: string): Promise<void> {
    const container = this.container(name)
    const { healthcheck } = this.#images(name)
    if (condition === 'service_started') return
    if (condition !== 'service_healthy' || healthcheck === undefined)
      throw new Error(`${name} cannot become ${condition}`)
    await eventually(
      async () => {
        if (!container.isRunning) throw new Error(`${name} has ended: ${container.output}`)
        return (await container.run(healthcheck)).code === 0
      },
      { timeoutMs: startTimeoutMs, what: `a healthy ${name}` },
    )
  }

  #create(name: string, image: Image): Container {
    const { environment = {}, read_only: readOnly = false, volumes = [] } = this.#service(name)
    const folder = join(this.#folder, name)
    mkdirSync(folder)
    const mounts = volumes.map(({ type, source, target, read_only = false }) => ({
      source: type === 'volume' ? this.#volume(source, image) : source,
      target,
      readOnly: read_only,
    }))
    return new Container({
      folder,
      enter: this.#network.enter(hostOf(this.#model, name)),
      hosts: this.#network.addresses,
      mounts: [...image.files, ...mounts],
      ownFolders: image.volumes,
      readOnly,
      user: image.user,
      env: { ...image.env, ...environment },
    })
  }

  /** Makes a volume. Docker gives a new one the owner of its folder in the image. */
  #volume(name: string, { user }: Image): string {
    const path = join(this.#folder, `volume-${name}`)
    const [uid = 0, gid = 0] = user.split(':').map(Number)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chownSync(path, uid, gid)
    return path
  }
}

/** Returns the service whose network this one uses: itself, unless it names another. */
function hostOf({ services }: ComposeModel, name: string): string {
  const [, other] = /^service:(.+)$/.exec(services[name]?.network_mode ?? '') ?? []
  return other ?? name
}

function startOrder({ services }: ComposeModel): string[] {
  const order: string[] = []
  const visit = (name: string) => {
    if (order.includes(name)) return
    for (const other of Object.keys(services[name]?.depends_on ?? {})) visit(other)
    order.push(name)
  }
  for (const name of Object.keys(services)) visit(name)
  return order
}
