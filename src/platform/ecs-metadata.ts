import { sleep, type Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import type { MetadataHttp } from './metadata-http.ts'
import { isRegionName } from '../kernel/text/region-name.ts'

interface EcsTask {
  readonly taskArn: string
  readonly region: string
}

interface EcsMetadataOptions {
  /** What ECS_CONTAINER_METADATA_URI_V4 holds. */
  readonly uri: string
  readonly http: MetadataHttp
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** The agent can lag behind the container's start, above all on EC2. */
const pausesMs = [250, 500, 1000] as const

/**
 * Asks the ECS agent which task this is, in up to four attempts. The failure is a sentence that says
 * why it is unknown.
 */
export async function readEcsTask(options: EcsMetadataOptions): Promise<Result<EcsTask, string>> {
  const { uri, clock, signal } = options
  if (!/^https?:\/\/[^\s/]/.test(uri) || !URL.canParse(uri)) {
    return fail(`ECS_CONTAINER_METADATA_URI_V4 is not an address. ${advice}`)
  }
  let problem = ''
  for (const pause of [...pausesMs, undefined]) {
    try {
      return succeed(parseTask(await ask(options)))
    } catch (error) {
      problem = messageOf(error)
    }
    if (pause === undefined || signal?.aborted === true) break
    await sleep(clock, pause, signal)
  }
  return fail(`The ECS metadata service did not name the task (${problem}). ${advice}`)
}

/**
 * What ECS wants of this task, such as RUNNING or STOPPED; undefined when the agent does not say, which
 * is asked once.
 */
export async function readDesiredStatus(options: Question): Promise<string | undefined> {
  try {
    const status = memberOf(await ask(options), 'DesiredStatus')
    return typeof status === 'string' ? status : undefined
  } catch {
    return undefined
  }
}

const advice = 'Do not set ECS_CONTAINER_METADATA_URI_V4 yourself, because ECS does.'

type Question = Omit<EcsMetadataOptions, 'clock'>

function ask({ uri, http, timeoutMs, signal }: Question): Promise<string> {
  return http({ url: `${uri.replace(/\/+$/, '')}/task`, timeoutMs, signal })
}

/** Task ARNs have had a cluster part since 2018, except in accounts that kept the old form. */
function parseTask(text: string): EcsTask {
  const arn = memberOf(text, 'TaskARN')
  const parts =
    typeof arn === 'string'
      ? /^arn:aws[a-z-]*:ecs:([a-z0-9-]+):\d{12}:task\/(?:[-\w]{1,255}\/)?[-\w]{1,255}$/.exec(arn)
      : null
  const region = parts?.[1]
  if (typeof arn !== 'string' || region === undefined || !isRegionName(region)) {
    throw new Error('the answer has no TaskARN of the known form')
  }
  return { taskArn: arn, region }
}

function memberOf(text: string, name: string): unknown {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new Error('the answer is not JSON')
  }
  return typeof document === 'object' && document !== null ? Reflect.get(document, name) : undefined
}
