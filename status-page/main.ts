import { fetchState, TokenNeeded, type State } from './api.ts'
import { billedCsv } from './billed-csv.ts'
import { showCustomers } from './customers-view.ts'
import { showDimensions } from './dimensions-view.ts'
import { byId, setText } from './dom.ts'
import { showEntitlement } from './entitlement-view.ts'
import { poll } from './poll.ts'
import { showProblems } from './problems-view.ts'
import { showSidecar } from './sidecar-view.ts'
import { showSending } from './sending-view.ts'
import { showSources } from './sources-view.ts'
import { showStore } from './store-view.ts'
import { tokenForm } from './token-form.ts'
import { verdictOf } from './verdict.ts'

const productName = document.title
let token: string | undefined

const form = tokenForm((given) => {
  token = given
  polling.again()
})

async function ask(): Promise<'go on' | 'stop'> {
  try {
    show(await fetchState(token))
    return 'go on'
  } catch (error) {
    if (!(error instanceof TokenNeeded)) throw error
    byId('content').hidden = true
    connected()
    form.show(token !== undefined)
    document.title = `Token needed \u00b7 ${productName}`
    return 'stop'
  }
}

function show({ entitlement, usage, customers }: State): void {
  const now = Date.parse(usage.now)
  form.hide()
  connected()
  const verdict = verdictOf(entitlement, usage)
  byId('verdict').dataset['level'] = verdict.level
  setText(byId('verdict-text'), verdict.text)
  showSidecar(entitlement, usage, now)
  showProblems(entitlement, usage, now)
  showEntitlement(entitlement, now)
  showSending(usage, now)
  showSources(usage, now)
  showDimensions(usage, now)
  showStore(usage)
  showCustomers(customers, now)
  byId('content').hidden = false
  setText(byId('updated'), `As of ${usage.now.slice(11, 19)}.`)
  tell(verdict.text)
}

function connected(): void {
  byId('connection').hidden = true
  document.body.classList.remove('stale')
}

function failed(error: unknown, pauseMs: number): void {
  const reason = error instanceof Error ? error.message : String(error)
  const banner = byId('connection')
  setText(
    banner,
    `The sidecar does not answer (${reason}). The figures below may be old. Next try in ${pauseMs / 1000} s.`,
  )
  banner.hidden = false
  document.body.classList.add('stale')
  tell('No answer')
}

/** Updates the title and the screen reader's text, but only if something changed that needs action. */
function tell(text: string): void {
  document.title = `${text} \u00b7 ${productName}`
  setText(byId('announcer'), text)
}

billedCsv(() => token)
const polling = poll(ask, failed)
