import type { Diagnosis } from './diagnosis.ts'

/** `skip`: the check did not run, and its message says why. */
export type Status = 'pass' | 'warn' | 'fail' | 'skip'

/** One of the problems that a check can find. docs/reference/doctor.md has a row for each. */
export interface Problem {
  readonly status: 'warn' | 'fail'
  /** When the check reports it, in words. */
  readonly when: string
  /** What to do. `{name}` stands for a value of the finding. */
  readonly fix: string
}

/** One line of the result. */
export interface Finding {
  /** The id of the check. */
  readonly id: string
  /** The part that it is about, such as a dimension. */
  readonly subject: string | undefined
  readonly status: Status
  /** The name of the problem; undefined when there is none. */
  readonly problem: string | undefined
  readonly message: string
  readonly fix: string | undefined
}

interface ProblemDetails {
  readonly subject?: string | undefined
  /** For the placeholders of the fix. */
  readonly values?: Readonly<Record<string, string>>
}

/** Collects what a check finds, in order. */
export interface Findings<Code extends string> {
  pass(message: string, subject?: string): void
  skip(message: string, subject?: string): void
  problem(code: Code, message: string, details?: ProblemDetails): void
}

export interface Check {
  /** Never renamed: programs read it. */
  readonly id: string
  /** What it looks at, as a phrase. */
  readonly title: string
  /** Checks that must pass first, because this one would only fail for the same reason. */
  readonly needs: readonly string[]
  readonly problems: Readonly<Record<string, Problem>>
  run(diagnosis: Diagnosis): Promise<readonly Finding[]>
}

interface Definition<Code extends string> extends Omit<Check, 'problems' | 'run'> {
  readonly problems: Readonly<Record<Code, Problem>>
  readonly run: (diagnosis: Diagnosis, findings: Findings<Code>) => Promise<void> | void
}

/** Defines a check whose findings can name only the problems that it declares. */
export function defineCheck<Code extends string>(definition: Definition<Code>): Check {
  const { id, title, needs, problems } = definition
  return {
    id,
    title,
    needs,
    problems,
    async run(diagnosis) {
      const found: Finding[] = []
      const none = { problem: undefined, fix: undefined }
      await definition.run(diagnosis, {
        pass: (message, subject) => found.push({ id, subject, status: 'pass', message, ...none }),
        skip: (message, subject) => found.push({ id, subject, status: 'skip', message, ...none }),
        problem(code, message, { subject, values = {} } = {}) {
          const { status, fix } = problems[code]
          found.push({ id, subject, status, problem: code, message, fix: fill(fix, values) })
        },
      })
      return found
    },
  }
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder)
}
