import type { Platform } from '../../platform/platform.ts'
import { regionWarning } from '../../platform/regions.ts'
import { defineCheck } from '../check.ts'

const emulator = 'for local work, point SIDECAR_AWS_ENDPOINT at the emulator.'

export const platformCheck = defineCheck({
  id: 'platform',
  title: 'Which ECS task or EKS pod this is, according to the platform itself.',
  needs: [],
  problems: {
    NotOnAws: {
      status: 'warn',
      when: 'This is neither an ECS task nor an EKS pod.',
      fix: `Run the product on ECS or EKS; ${emulator}`,
    },
    AgentCore: {
      status: 'fail',
      when: 'This is Bedrock AgentCore, which meters differently.',
      fix: 'Run the product on ECS or EKS.',
    },
    Doubtful: {
      status: 'warn',
      when: 'A metadata service or a token file lacks what the sidecar needs; one line each.',
      fix: 'Give the task or pod what the message names, and restart it.',
    },
  },
  async run(diagnosis, findings) {
    const platform = await diagnosis.platform()
    const [first = '', ...others] = warningsOf(platform)
    switch (platform.name) {
      case 'ecs':
      case 'eks': {
        const kind = platform.name === 'ecs' ? 'ECS task' : 'EKS pod'
        findings.pass(`An ${kind}: ${platform.resource}.`)
        if (first !== '') findings.problem('Doubtful', first)
        break
      }
      case 'agentcore':
        findings.problem('AgentCore', first)
        break
      case 'local':
        if (diagnosis.values.get('SIDECAR_AWS_ENDPOINT') !== undefined)
          findings.pass('Not on AWS. The calls go to SIDECAR_AWS_ENDPOINT.')
        else findings.problem('NotOnAws', first)
        // What else is missing here is the region, which has its own check.
        return
    }
    for (const warning of others) findings.problem('Doubtful', warning)
  },
})

/** Returns the warnings about the platform; those about the region belong to the check `region`. */
function warningsOf({ name, warnings, region }: Platform): readonly string[] {
  if (region === undefined) return warnings.slice(0, -1)
  const known = name === 'ecs' || name === 'eks' ? regionWarning(name, region.region) : undefined
  return warnings.filter((warning) => warning !== known)
}
