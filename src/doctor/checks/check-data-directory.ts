import { ledgerFileName } from '../../store/sqlite/file/open-database.ts'
import { defineCheck } from '../check.ts'
import { probeDirectory, type DirectoryProblem, type DirectoryState } from '../probe-directory.ts'

const volume = 'a writable volume there (an emptyDir in Kubernetes, a task volume in ECS)'

export const dataDirectoryCheck = defineCheck({
  id: 'data-directory',
  title:
    'Whether this user can keep a ledger in `SIDECAR_DATA_DIR`, tried with a file that is removed again.',
  needs: [],
  problems: {
    NotWritable: {
      status: 'fail',
      when: 'This user may not write there.',
      fix: 'Let user {user} write {directory}: fsGroup in the securityContext of the pod; in ECS a task volume at that very path, which takes its owner from the image.',
    },
    ReadOnly: {
      status: 'fail',
      when: 'It is on a read-only file system, such as the root of the container.',
      fix: `Mount ${volume}, or name another one with SIDECAR_DATA_DIR.`,
    },
    Full: {
      status: 'fail',
      when: 'The volume takes no more: space, a quota or a limit is used up.',
      fix: 'Free or enlarge the volume; nothing that was acknowledged is lost.',
    },
    NotADirectory: {
      status: 'fail',
      when: 'It, or one above it, is no directory.',
      fix: 'Correct SIDECAR_DATA_DIR.',
    },
    CannotBeMade: {
      status: 'fail',
      when: 'It does not exist, and this user cannot make it.',
      fix: `Mount ${volume}.`,
    },
    ForeignFiles: {
      status: 'fail',
      when: 'A file of the ledger belongs to another user, who does not share it.',
      fix: 'Run the sidecar as the user who owns {file}, or give the files to user {user}.',
    },
  },
  run(diagnosis, findings) {
    const [wrong] = diagnosis.wrong('SIDECAR_DATA_DIR')
    if (wrong !== undefined) {
      findings.skip(`Not looked at: ${wrong} is wrong.`)
      return
    }
    const { randomBytes, userId } = diagnosis.machine
    const directory = diagnosis.values.get('SIDECAR_DATA_DIR')
    const unique = Buffer.from(randomBytes(8)).toString('hex')
    const state = probeDirectory(directory, ledgerFileName, unique)
    const user = userId === undefined ? 'of this process' : String(userId)
    const { problem, exists, nearest, owner, file = '' } = state
    if (problem !== undefined)
      findings.problem(problem, describe(problem, directory, state), {
        values: { user, directory, file },
      })
    else if (exists)
      findings.pass(`User ${user} can write ${directory}, which belongs to user ${owner}.`)
    else findings.pass(`${directory} does not exist yet; user ${user} can make it in ${nearest}.`)
  },
})

function describe(problem: DirectoryProblem, directory: string, state: DirectoryState): string {
  const { code, nearest, owner, file } = state
  switch (problem) {
    case 'NotADirectory':
      return `${directory} is no directory.`
    case 'CannotBeMade':
      return `${directory} does not exist, and ${nearest} takes no new directory (${code}).`
    case 'ForeignFiles':
      return `${file} is not for this user (${code}).`
    default:
      return owner === undefined
        ? `${directory} cannot be reached (${code}).`
        : `${directory}, which belongs to user ${owner}, cannot be written (${code}).`
  }
}
