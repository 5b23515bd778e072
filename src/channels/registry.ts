import type { ChannelName } from '../metering/slot.ts'
import { batchMeterUsage } from './batch-meter-usage/batch-meter-usage.ts'
import type { Channel } from './channel.ts'
import { meterUsage } from './meter-usage/meter-usage.ts'

/** Every channel there is. */
const channels: readonly [Channel, ...Channel[]] = [meterUsage, batchMeterUsage]

/** The channel of this name; the first one for a route that sends no records. */
export function channelOf(name: ChannelName | undefined): Channel {
  return channels.find((channel) => channel.name === name) ?? channels[0]
}
