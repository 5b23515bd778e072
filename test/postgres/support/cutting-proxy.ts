import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

type Cut = 'before' | 'after'

/** Where a group of changes becomes durable: a COMMIT, or the one statement of a group of reports, which has a name. */
const commits = /COMMIT(?!TED)|sidecar_[\da-f]{32}|INSERT INTO marketplace_sidecar\.open/

/** Stands between one sidecar and the server, and cuts connections in the middle of a commit. */
export class CuttingProxy {
  readonly #server
  readonly #sockets = new Set<Socket>()
  #cut: Cut | undefined
  readonly #commits: RegExp
  /** How many commits go through before one is cut. */
  #spared = 0
  #isAway = false
  /** How many connections were cut before and after the commit reached the server. */
  readonly cuts = { before: 0, after: 0 }

  private constructor(target: number, cutAt: RegExp) {
    this.#commits = cutAt
    this.#server = createServer((client) => this.#join(client, connect(target, '127.0.0.1')))
  }

  static async start(target: number, cutAt = commits): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, cutAt)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /**
   * Cuts the connection of the next commit after `spared` others: before the server has it, or before the
   * client has its answer.
   */
  cutNext(cut: Cut, spared = 0): void {
    this.#cut = cut
    this.#spared = spared
  }

  /** The server is away: connections break, and new ones are refused. */
  goAway(): void {
    this.#isAway = true
    for (const socket of this.#sockets) socket.destroy()
  }

  comeBack(): void {
    this.#isAway = false
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, server: Socket): void {
    const end = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        end()
      })
    }
    if (this.#isAway) return end()
    let isDeaf = false
    client.on('data', (chunk: Buffer) => {
      const isCommit = this.#cut !== undefined && this.#commits.test(chunk.toString('latin1'))
      if (isCommit) this.#spared -= 1
      const cut = isCommit && this.#spared < 0 ? this.#cut : undefined
      if (cut !== undefined) {
        this.#cut = undefined
        this.cuts[cut] += 1
      }
      if (cut === 'before') return end()
      isDeaf ||= cut === 'after'
      server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      if (isDeaf) end()
      else client.write(chunk)
    })
  }
}
