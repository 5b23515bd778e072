import { load } from '../load.ts'
import { residentMb } from '../processes.ts'
import { resultOf, type Result } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { startUbbagent, ubbagentReports } from '../servers/ubbagent.ts'
import { alternate, pick, type Row } from './bench.ts'
import { plainReport, taggedReports } from './bodies.ts'

/**
 * Measures the same reports against ubbagent, the nearest relative, which acknowledges usage before it is on
 * disk. Without UBBAGENT_BIN, the path of its program, there is nothing to measure.
 */
export const peer: Row = async ({ build, rounds, seconds }) => {
  const program = process.env['UBBAGENT_BIN'] ?? ''
  if (program === '') {
    console.error('left out: UBBAGENT_BIN does not name a program')
    return []
  }
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const agent = await startUbbagent(program)
  const idle = { ours: residentMb(sidecar.pid), baseline: residentMb(agent.pid) }
  const results: Result[] = []
  for (const { connections, sets } of [
    { connections: 1, sets: 1 },
    { connections: 16, sets: 1 },
    { connections: 64, sets: 1 },
    { connections: 16, sets: 1000 },
  ]) {
    const send = (url: string, bodies: readonly string[]) => () =>
      load({ url, connections, seconds, bodies })
    const ours = sets === 1 ? [plainReport] : taggedReports(sets)
    const pairs = await alternate(
      rounds,
      send(`${sidecar.url}/v1/usage`, ours),
      send(`${agent.url}/report`, ubbagentReports(sets)),
    )
    const tagSets = sets === 1 ? '' : `, ${sets.toLocaleString('en-US')} tag sets`
    const name = `against ubbagent, ${connections} connection${connections === 1 ? '' : 's'}${tagSets}`
    results.push(
      resultOf(
        { name, unit: 'requests/s' },
        pick(pairs, ({ perSecond }) => perSecond),
      ),
    )
  }
  const loaded = { ours: residentMb(sidecar.pid), baseline: residentMb(agent.pid) }
  await Promise.all([sidecar.end(), agent.end(), emulator.end()])
  return [
    ...results,
    resultOf({ name: 'against ubbagent, memory idle', unit: 'MB' }, [idle]),
    resultOf({ name: 'against ubbagent, memory after it all', unit: 'MB' }, [loaded]),
  ]
}
