import type { ServiceResult } from '../protocol/service-errors.ts'

/** The calls to AWS that a request of the application can cause. A result has AWS's members or error. */
export interface AwsCalls {
  /** Passes on the JSON that came, signed anew: members that this version does not know go with it, both ways. */
  forward(
    operation: 'MeterUsage' | 'BatchMeterUsage' | 'ResolveCustomer',
    body: string,
  ): Promise<ServiceResult<object>>
  /** Registers with the application's nonce and returns AWS's token. */
  prove(request: {
    readonly productCode: string
    readonly publicKeyVersion: number
    readonly nonce: string
  }): Promise<ServiceResult<object>>
}
