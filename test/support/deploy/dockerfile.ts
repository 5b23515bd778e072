import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../program/program.ts'

/** The settings with which a container of a stage starts. */
export interface ImageSettings {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** `uid:gid` */
  readonly user: string
  readonly healthcheck: readonly string[] | undefined
  readonly volumes: readonly string[]
}

/** Reads the stage of this name from the Dockerfile. */
export function imageOfStage(stage: string): ImageSettings {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  const from = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${stage}`))
  if (from === -1) throw new Error(`the Dockerfile has no stage ${stage}`)
  const after = lines.slice(from + 1)
  const next = after.findIndex((line) => line.startsWith('FROM '))
  const own = next === -1 ? after : after.slice(0, next)
  const text = (name: string) =>
    own.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1)
  const list = (json: string | undefined) => JSON.parse(json ?? '[]') as string[]
  const health = /CMD (\[.*\])$/.exec(text('HEALTHCHECK') ?? '')?.[1]
  return {
    entrypoint: list(text('ENTRYPOINT')),
    cmd: list(text('CMD')),
    env: Object.fromEntries((text('ENV') ?? '').split(' ').map(splitAtEquals)),
    user: text('USER') ?? '0:0',
    healthcheck: health === undefined ? undefined : list(health),
    volumes: list(text('VOLUME')),
  }
}

function splitAtEquals(pair: string): [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
