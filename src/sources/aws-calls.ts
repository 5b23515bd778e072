import type { Outcome } from '../protocol/errors.ts'

/** The only calls to AWS that a source can make. An answer has AWS's own members or error. */
export interface AwsCalls {
  forward(
    operation: 'MeterUsage' | 'BatchMeterUsage' | 'ResolveCustomer',
    input: object,
  ): Promise<Outcome<object>>
  /** Registers with the application's nonce and returns AWS's token. */
  prove(request: {
    readonly productCode: string
    readonly publicKeyVersion: number
    readonly nonce: string
  }): Promise<Outcome<object>>
}
