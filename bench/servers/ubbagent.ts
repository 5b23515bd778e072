import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, start } from '../processes.ts'
import type { Server } from './plain.ts'

/** Starts ubbagent, the metering agent of Google Cloud Marketplace, with its state and its reports on disk. */
export async function startUbbagent(program: string): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-ubbagent-'))
  const [state, reports, config] = ['state', 'reports', 'config.yaml'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  mkdirSync(state)
  mkdirSync(reports)
  writeFileSync(config, configOf(reports))
  const port = await freePort()
  const args = ['--config', config, '--state-dir', state, '--local-port', `${port}`]
  const { child, program: running } = start(args, {}, program)
  child.stdout?.resume()
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(`${url}/status`))) {
    if (child.exitCode !== null) throw new Error(`${program} ended at once`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const end = async () => {
    await running.end()
    rmSync(folder, { recursive: true })
  }
  return { pid: running.pid, url, end }
}

/** The same reports as ours, in its form. */
export function ubbagentReports(sets: number): string[] {
  const now = new Date().toISOString()
  return Array.from({ length: sets }, (_, index) =>
    JSON.stringify({
      name: 'requests',
      startTime: now,
      endTime: now,
      value: { int64Value: 3 },
      ...(sets > 1 && { labels: { tenant: `tenant-${String(index).padStart(4, '0')}` } }),
    }),
  )
}

function configOf(reports: string): string {
  return `metrics:
- name: requests
  type: int
  endpoints:
  - name: on_disk
  reported:
    bufferSeconds: 3600
endpoints:
- name: on_disk
  disk:
    reportDir: ${reports}
    expireSeconds: 3600
`
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}
