import { credentialKind, type CredentialKind } from '../../platform/credential-kind.ts'
import { fail } from '../../kernel/result.ts'
import { defineCheck } from '../check.ts'
import { readTaskRole } from '../read-role.ts'

const words: Readonly<Record<CredentialKind, string>> = {
  'access-keys': 'Access keys of the environment',
  profile: 'The profile that AWS_PROFILE names',
  irsa: 'The role of the service account (IRSA)',
  'task-role': 'The role of the task',
  'pod-identity': 'EKS Pod Identity',
  'instance-role': 'None are configured, so those of the host machine, if it has a role',
  none: 'None are configured',
}

export const credentialsCheck = defineCheck({
  id: 'credentials',
  title: 'Which kind of credentials the sidecar will use, and whose. No secret is printed.',
  needs: [],
  problems: {
    RefusedKind: {
      status: 'warn',
      when: 'AWS is known to refuse this kind here: the role of the node, EKS Pod Identity, access keys.',
      fix: '{remedy}',
    },
    NoCredentials: {
      status: 'fail',
      when: 'The credentials endpoint of ECS does not answer, or has no credentials.',
      fix: 'Set taskRoleArn in the task definition (not the execution role), and restart the task.',
    },
  },
  async run(diagnosis, findings) {
    const { machine, timeoutMs } = diagnosis
    const kind = credentialKind(machine.env)
    const { credentialWarning } = await diagnosis.platform()
    if (credentialWarning !== undefined) {
      const { found, remedy } = split(credentialWarning)
      findings.problem('RefusedKind', found, { values: { remedy } })
    }
    if (kind === 'irsa') {
      findings.pass(`${words.irsa}: ${machine.env['AWS_ROLE_ARN']}.`)
      return
    }
    if (kind === 'task-role') {
      const asked = await diagnosis.inTime((signal) => readTaskRole(machine, timeoutMs, signal))
      const role = asked.ok ? asked.value : fail(`no answer in ${timeoutMs} ms`)
      if (role?.ok === false) {
        findings.problem(
          'NoCredentials',
          `The credentials endpoint of the task gave no credentials (${role.failure}).`,
        )
        return
      }
      findings.pass(`${words[kind]}: ${role?.value ?? 'its endpoint does not say which one'}.`)
      return
    }
    if (credentialWarning === undefined)
      findings.pass(`${words[kind]}. Outside ECS and EKS, an emulator accepts any credentials.`)
  },
})

/** Splits a warning: its first sentence says what was found, the others say what to do. */
function split(warning: string): { found: string; remedy: string } {
  const end = warning.indexOf('. ') + 1
  return { found: warning.slice(0, end), remedy: warning.slice(end + 1) }
}
