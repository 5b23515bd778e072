import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { Owner } from '../store/sqlite/adoption.ts'
import type { OpenedDatabase } from '../store/sqlite/open-database.ts'

/** Tells of damage that was found, and of a place that a ledger should not lie in. */
export function tellOpened(opened: OpenedDatabase, log: Log, events: Events): void {
  for (const aside of opened.setAside) {
    log(
      'ledger.set-aside',
      `The ledger was damaged (${aside.reason}) and is kept as ${aside.path}. The sidecar starts with a new one: what the old one had not sent is not billed unless somebody recovers it.`,
      aside,
    )
    events.emit('ledgerSetAside', aside)
  }
  if (opened.networkFileSystem)
    log(
      'ledger.network-file-system',
      'The data directory is on a network file system. It works, slower; a local volume (emptyDir, task volume, block volume) is the right place.',
    )
}

/** Tells of a ledger that another task or pod has left. */
export function tellAdopted({ identity, adoptedFrom }: Owner, log: Log): void {
  if (adoptedFrom === undefined) return
  log(
    'ledger.adopted',
    `The ledger belonged to ${adoptedFrom}. What AWS had not taken is billed by ${identity} in its current hour; what AWS may have taken is unresolved, see "marketplace-sidecar ledger".`,
    { from: adoptedFrom },
  )
}
