import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

/** Stands between a process and the server, counts what the process sends, and calls back before or after one of it. */
export class CountingProxy {
  readonly #server
  readonly #sockets = new Set<Socket>()
  #at: { readonly message: number; readonly when: 'before' | 'after'; run: () => void } | undefined
  /** How many messages the process has sent, and which of them were commits, counted from 1. */
  messages = 0
  commits: number[] = []

  private constructor(target: number) {
    this.#server = createServer((client) => this.#join(client, connect(target, '127.0.0.1')))
  }

  static async start(target: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** The same URL by way of this proxy. */
  through(url: string): string {
    const own = new URL(url)
    own.port = `${(this.#server.address() as AddressInfo).port}`
    return own.href
  }

  /** Counts anew; `run` is called before the server has that message, or when it has answered it. */
  at(message: number, when: 'before' | 'after', run: () => void): void {
    this.messages = 0
    this.commits = []
    this.#at = { message, when, run }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        server.destroy()
      })
    }
    let isDue = false
    client.on('data', (chunk: Buffer) => {
      this.messages += 1
      if (/COMMIT(?!TED)/.test(chunk.toString('latin1'))) this.commits.push(this.messages)
      const at = this.#at?.message === this.messages ? this.#at : undefined
      isDue = at?.when === 'after'
      if (at?.when === 'before') return this.#happen()
      server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      if (isDue) this.#happen()
      else client.write(chunk)
    })
  }

  /** What was under way stays without an answer. */
  #happen(): void {
    this.#at?.run()
    this.#at = undefined
  }
}
