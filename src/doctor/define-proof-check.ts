import type { FailureKind } from '../aws/metering-api.ts'
import type { FailedProof, PassedProof } from '../entitlement/proof.ts'
import { createProof } from '../entitlement/registry.ts'
import type { Product } from '../product/product.ts'
import { routeNames, routeOf, type ProofName, type Route } from '../product/routes.ts'
import type { Diagnosis } from './diagnosis.ts'
import { defineCheck, type Check, type Findings, type Problem } from './check.ts'

/** What every check of a proof can find. The fix is the advice about AWS's error. */
const commonProblems = {
  NotEntitled: {
    status: 'fail',
    when: 'AWS says that the buyer has no subscription.',
    fix: '{advice}',
  },
  NotPermitted: {
    status: 'fail',
    when: 'There are no usable credentials, or they may not make this call.',
    fix: '{advice}',
  },
  Refused: {
    status: 'fail',
    when: 'AWS refuses the call for another reason, which the message names.',
    fix: '{advice}',
  },
  Unavailable: {
    status: 'fail',
    when: 'AWS did not answer, or asked to try again later.',
    fix: '{advice}',
  },
} as const satisfies Readonly<Record<string, Problem>>
type CommonProblem = keyof typeof commonProblems

interface ProofCheckDefinition<Own extends string> {
  /** The proof that is checked; also the id of the check. */
  readonly name: ProofName
  /** `{routes}` stands for the routes that run this proof. */
  readonly title: string
  readonly needs: readonly string[]
  /** What other routes do instead, such as `sends no records`. */
  readonly otherwise: string
  /** Problems that only this proof has. */
  readonly problems: Readonly<Record<Own, Problem>>
  /** Returns the parts that get an attempt each; by default the whole product. */
  readonly parts?: (product: Product) => readonly ProofPart[]
  readonly pass: (passed: PassedProof, findings: Findings<Own>, subject: string | undefined) => void
  /** Names the failures that concern one part only, and so say nothing about the others. */
  readonly ownProblem: (failed: FailedProof) => Own | undefined
}

interface ProofPart {
  readonly product: Product
  /** Such as a dimension; undefined for the whole product. */
  readonly subject: string | undefined
}

/** Defines a check that makes an attempt of one proof, as a sidecar does when it starts. */
export function defineProofCheck<Own extends string>(definition: ProofCheckDefinition<Own>): Check {
  const { name, needs, otherwise } = definition
  return defineCheck<Own | CommonProblem>({
    id: name,
    title: definition.title.replace('{routes}', routesWith(name).join(' and ')),
    needs,
    problems: { ...commonProblems, ...definition.problems },
    async run(diagnosis, findings) {
      const { product, machine } = diagnosis
      if (product === undefined) return
      if (!routeOf(product.route).proofs.includes(name))
        findings.pass(`Not needed: the route ${product.route} ${otherwise}.`)
      else if (!machine.callAws) findings.skip('Not called because of --no-calls.')
      else await attemptParts(definition, product, diagnosis, findings)
    },
  })
}

/** A failure that would repeat with every part ends the attempts. */
async function attemptParts<Own extends string>(
  definition: ProofCheckDefinition<Own>,
  product: Product,
  diagnosis: Diagnosis,
  findings: Findings<Own | CommonProblem>,
): Promise<void> {
  const { name, parts = wholeProduct, pass, ownProblem } = definition
  const { clock, randomBytes } = diagnosis.machine
  const api = await diagnosis.api()
  let failedPart: string | undefined
  for (const part of parts(product)) {
    const { subject } = part
    if (failedPart !== undefined) {
      findings.skip(`${subject}: not called, because it would fail as ${failedPart} did.`, subject)
      continue
    }
    const proof = createProof(name, { api, product: part.product, clock, randomBytes })
    const result = await proof.attempt()
    if (result.ok) {
      pass(result.value, findings, subject)
      continue
    }
    const own = ownProblem(result.failure)
    if (own === undefined) failedPart = subject ?? ''
    findings.problem(own ?? commonProblem(result.failure.kind), describe(result.failure, subject), {
      subject,
      values: { advice: result.failure.advice },
    })
  }
}

function routesWith(name: ProofName): readonly Route[] {
  return routeNames.filter((route) => routeOf(route).proofs.includes(name))
}

function wholeProduct(product: Product): readonly ProofPart[] {
  return [{ product, subject: undefined }]
}

/** AWS's messages already contain their code; an own code has to be added. */
function describe({ code, message, kind }: FailedProof, subject: string | undefined): string {
  const words = kind === undefined ? `${code}: ${message}` : message
  return subject === undefined ? words : `${subject}: ${words}`
}

function commonProblem(kind: FailureKind | undefined): CommonProblem {
  switch (kind) {
    case 'throttled':
    case 'unavailable':
      return 'Unavailable'
    case 'credentials':
      return 'NotPermitted'
    case 'not-entitled':
      return 'NotEntitled'
    default:
      return 'Refused'
  }
}
