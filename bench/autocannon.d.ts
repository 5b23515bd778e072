/** The part of autocannon that load.ts uses. The package does not include types. */
declare module 'autocannon' {
  export interface Options {
    readonly url: string
    readonly connections: number
    readonly duration: number
    readonly requests: readonly {
      readonly method: 'GET' | 'POST'
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }[]
  }
  export interface Result {
    readonly requests: { readonly total: number }
    readonly latency: { readonly p99: number }
    readonly duration: number
    readonly errors: number
    readonly non2xx: number
  }
  export default function autocannon(options: Options): PromiseLike<Result>
}
