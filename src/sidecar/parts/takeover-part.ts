import type { Submission } from '../../channels/create-submission.ts'
import { messageOf } from '../../kernel/errors.ts'
import { hasCustomers } from '../../product/routes.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

interface Deps {
  readonly ledger: Pick<Ledger, 'takeOver'>
  readonly submitter: Pick<Submission['submitter'], 'lookAgain' | 'usageArrived'>
}

/**
 * Takes over what sidecars left that shared the ledger and are gone, and seals what all share in the place
 * of one of them, while this one runs.
 */
export function startTakeover(
  { settings, timers, random, log }: Pick<SidecarOptions, 'settings' | 'timers' | 'random' | 'log'>,
  { ledger, submitter }: Deps,
): Disposable {
  let stopped = false
  // Not all at once: one of them is enough.
  const pauseMs = () => settings.leaseMs * (0.25 + random() / 2)
  const { dimensions, route } = settings.product
  const sharesUsage = hasCustomers(route) || dimensions.some(({ scope }) => scope === 'cluster')
  const look = async () => {
    try {
      for (const hour of await ledger.takeOver()) submitter.usageArrived(hour)
      if (sharesUsage) await submitter.lookAgain()
    } catch (error) {
      log(
        'ledger.not-taken-over',
        `The sidecar could not take over what other sidecars left, and tries again: ${messageOf(error)}`,
      )
    }
    if (!stopped) timer = timers.after(pauseMs(), () => void look())
  }
  let timer = timers.after(pauseMs(), () => void look())
  return {
    [Symbol.dispose]() {
      stopped = true
      timer.cancel()
    },
  }
}
