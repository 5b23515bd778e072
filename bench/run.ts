/**
 * Measures how fast and how large the sidecar is: `npm run bench`. Next to each figure is that of a plain
 * server from the same run. docs/explain/performance.md says how to read it.
 */
import { parseArgs } from 'node:util'
import { describeMachine, watchOthers } from './machine.ts'
import { isMet, type Result } from './result.ts'
import { attacked } from './rows/attacks/attacks.ts'
import { batches } from './rows/batches.ts'
import type { Row } from './rows/bench.ts'
import { coldStart } from './rows/cold-start.ts'
import { cost } from './rows/cost.ts'
import { database } from './rows/database.ts'
import { entitlement } from './rows/entitlement.ts'
import { fileSize } from './rows/file-size.ts'
import { interference } from './rows/interference.ts'
import { ledgerAlone } from './rows/ledger-alone.ts'
import { memory } from './rows/memory.ts'
import { peer } from './rows/peer.ts'
import { customers } from './rows/saas/customers.ts'
import { sources } from './rows/metrics/sources.ts'
import { stalls } from './rows/stalls.ts'
import { outage, usage } from './rows/usage.ts'
import { buildAll } from './servers/build.ts'
import { tableOf } from './table.ts'

const rows: Readonly<Record<string, Row>> = {
  entitlement,
  usage,
  outage,
  batches,
  database,
  interference,
  'cold-start': coldStart,
  memory,
  cost,
  peer,
  'file-size': fileSize,
  'ledger-alone': ledgerAlone,
  attacks: attacked,
  stalls,
  customers,
  sources,
}

const help = `Measures the sidecar against plain servers on this machine.

usage: npm run bench -- [options]

  --only <row>   only this row; may be given several times
                 (${Object.keys(rows).join(', ')})
  --quick        three short rounds instead of five of four seconds
  --json         for programs
  --check        exit code 1 when a target is missed`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(rows) },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function rowNamed(name: string): Row {
  const row = rows[name]
  if (row === undefined) throw new TypeError(`the bench does not have a row ${name}\n\n${help}`)
  return row
}

async function measure(): Promise<Result[]> {
  const chosen = values.only.map((name) => ({ name, row: rowNamed(name) }))
  const build = await buildAll()
  const length = values.quick ? { rounds: 3, seconds: 1 } : { rounds: 5, seconds: 4 }
  const results: Result[] = []
  try {
    for (const { name, row } of chosen) {
      console.error(`measuring ${name} ...`)
      results.push(...(await row({ build, ...length })))
    }
  } finally {
    build.remove()
  }
  return results
}

if (values.help) {
  console.log(help)
} else {
  const machine = describeMachine()
  const others = watchOthers()
  const results = await measure()
  const { stolen, busy } = others()
  if (values.json) {
    const judged = results.map((result) => ({ ...result, met: isMet(result) ?? null }))
    console.log(JSON.stringify({ machine, stolen, busy, results: judged }, undefined, 2))
  } else {
    const { cores, processor, node, loadTool, disk, flushMs } = machine
    console.log(`${cores} cores (${processor}), Node ${node}, load by ${loadTool}`)
    console.log(`Disk: ${disk}, ${flushMs} ms to write and flush 4 KiB`)
    console.log(`Processors: ${busy} % busy during the run, ${stolen} % taken by the host`)
    console.log('Spread: how far the ratios of the rounds lie apart, in parts of their median\n')
    console.log(tableOf(results))
  }
  if (values.check && results.some((result) => isMet(result) === false)) process.exitCode = 1
}
