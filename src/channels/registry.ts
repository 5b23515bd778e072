import type { Channel } from './channel.ts'
import { meterUsage } from './meter-usage/meter-usage.ts'

/** Every channel there is; a product is metered through the first one until its route names another. */
export const channels: readonly [Channel, ...Channel[]] = [meterUsage]
