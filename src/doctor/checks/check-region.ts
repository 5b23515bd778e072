import { firstSentence } from '../../kernel/text/first-sentence.ts'
import type { RegionSource } from '../../platform/platform.ts'
import { regionWarning } from '../../platform/regions.ts'
import { customersDenial } from '../../product/customers-denial.ts'
import { defineCheck } from '../check.ts'

const labels: Readonly<Record<RegionSource, string>> = {
  'ecs-task-arn': 'the ECS task ARN',
  'eks-token-issuer': "the issuer of the pod's token",
  'ec2-metadata': 'EC2 metadata',
  endpoint: 'the host of SIDECAR_AWS_ENDPOINT',
  SIDECAR_REGION: 'SIDECAR_REGION',
  AWS_REGION: 'AWS_REGION',
}

export const regionCheck = defineCheck({
  id: 'region',
  title: 'The region where this runs: the source that decides, and whether all others agree.',
  needs: [],
  problems: {
    Mismatch: {
      status: 'fail',
      when: 'Two sources name different regions, so the sidecar does not call AWS; one line for each that disagrees.',
      fix: 'Remove {source}, or set it to the region where this runs.',
    },
    OfOtherCustomers: {
      status: 'fail',
      when: 'The product file meters its customers in another region, so the sidecar does not call AWS.',
      fix: 'Run the sidecar in the region that the product file names.',
    },
    Unknown: {
      status: 'fail',
      when: 'No source names a region, so the sidecar does not call AWS.',
      fix: 'Set SIDECAR_REGION to the region where this runs.',
    },
    NotListed: {
      status: 'warn',
      when: 'AWS is not known to meter containers of this platform in the region.',
      fix: 'Run the product in a supported region if AWS answers with a region error.',
    },
  },
  async run(diagnosis, findings) {
    const [wrong] = diagnosis.wrong('SIDECAR_REGION', 'SIDECAR_AWS_ENDPOINT')
    if (wrong !== undefined) {
      findings.skip(`Not checked: ${wrong} is wrong.`)
      return
    }
    const { name, region, readings, mismatches, warnings } = await diagnosis.platform()
    if (region === undefined) {
      findings.problem('Unknown', firstSentence(warnings.at(-1) ?? 'No source names a region.'))
      return
    }
    const differing = readings.filter((reading) => reading.region !== region.region)
    for (const [index, mismatch] of mismatches.entries())
      findings.problem('Mismatch', mismatch, {
        values: { source: labels[differing[index]?.source ?? region.source] },
      })
    if (mismatches.length > 0) return
    const { product } = diagnosis
    const denial = product && customersDenial(product, region)
    if (denial !== undefined) {
      findings.problem('OfOtherCustomers', firstSentence(denial.message))
      return
    }
    const agreeing = readings.slice(1).map(({ source }) => labels[source])
    const also =
      agreeing.length === 0
        ? ''
        : `; ${agreeing.join(' and ')} agree${agreeing.length === 1 ? 's' : ''}`
    findings.pass(`${region.region}, according to ${labels[region.source]}${also}.`)
    const warning =
      name === 'ecs' || name === 'eks' ? regionWarning(name, region.region) : undefined
    if (warning !== undefined) findings.problem('NotListed', warning)
  },
})
