import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { prometheusTools } from '../../scripts/tools/prometheus-tools.ts'
import { eventually } from '../support/eventually.ts'
import { Program } from '../support/program/program.ts'

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface EvaluatedRule {
  readonly group: string
  readonly name: string
  readonly health: string
  readonly lastError: string | undefined
  readonly state: 'inactive' | 'pending' | 'firing'
}

export interface PrometheusServer {
  query(expression: string): Promise<readonly Sample[]>
  rules(): Promise<readonly EvaluatedRule[]>
  /** Resolves when the target has been scraped and the rules have been evaluated afterwards. */
  caughtUp(): Promise<void>
  close(): Promise<void>
}

export interface PrometheusTarget {
  readonly job: string
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
}

const interval = '1s'

/** Starts a real Prometheus that scrapes one target and evaluates rule files, given by name and text. */
export async function startPrometheus(
  { job, address, labels }: PrometheusTarget,
  ruleFiles: Readonly<Record<string, string>>,
): Promise<PrometheusServer> {
  const { prometheus } = await prometheusTools()
  const directory = mkdtempSync(join(tmpdir(), 'prometheus-'))
  for (const [name, text] of Object.entries(ruleFiles)) writeFileSync(join(directory, name), text)
  const configuration = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: Object.keys(ruleFiles),
    scrape_configs: [{ job_name: job, static_configs: [{ targets: [address], labels }] }],
  }
  writeFileSync(join(directory, 'prometheus.yaml'), stringify(configuration))
  const flags = [
    `--config.file=${join(directory, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
  ]
  // It logs to standard error.
  const program = new Program('sh', ['-c', 'exec "$0" "$@" 2>&1', prometheus, ...flags], {})
  const close = async () => {
    program.killAll()
    await program.ended
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const [, listening] = await program.printed(/msg="Listening on".* address=(\S+)/)
    const api = createApi(`http://${listening}/api/v1`)
    return { ...api, close }
  } catch (error) {
    await close()
    throw error
  }
}

function createApi(url: string): Omit<PrometheusServer, 'close'> {
  async function get<T>(path: string): Promise<T> {
    const response = await fetch(`${url}/${path}`)
    const body = (await response.json()) as { readonly error?: string; readonly data: T }
    if (!response.ok) throw new Error(`${path}: ${body.error}`)
    return body.data
  }
  const query = async (expression: string): Promise<Sample[]> => {
    const found = await get<{ result: { metric: Sample['metric']; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    )
    return found.result.map(({ metric, value }) => ({
      metric,
      value: Number(value[1].replace('Inf', 'Infinity')),
    }))
  }
  const groups = async () => (await get<{ groups: RuleGroup[] }>('rules')).groups
  return {
    query,
    rules: async () =>
      (await groups()).flatMap(({ name: group, rules }) =>
        rules.map(({ name, health, lastError, state }) => ({
          group,
          name,
          health,
          lastError,
          state,
        })),
      ),
    async caughtUp() {
      const asked = Date.now()
      const scrapedAt = await eventually(
        async () => {
          const [latest] = await query('max(timestamp(up))')
          return latest !== undefined && latest.value * 1000 > asked && latest.value * 1000
        },
        { what: 'a scrape', timeoutMs: 30_000 },
      )
      await eventually(
        async () => {
          const times = (await groups()).map(({ lastEvaluation }) => Date.parse(lastEvaluation))
          return times.every((time) => time > scrapedAt)
        },
        { what: 'an evaluation of the rules', timeoutMs: 30_000 },
      )
    },
  }
}

interface RuleGroup {
  readonly name: string
  readonly lastEvaluation: string
  readonly rules: readonly (Omit<EvaluatedRule, 'group'> & { readonly name: string })[]
}
