import { ledgerFileName } from '../../store/sqlite/file/open-database.ts'
import { defineCheck } from '../check.ts'
import { probeDirectory, type DirectoryProblem, type DirectoryState } from '../probe-directory.ts'

const volume = 'a writable volume there (an emptyDir in Kubernetes, a task volume in ECS)'

export const dataDirectoryCheck = defineCheck({
  id: 'data-directory',
  title:
    'Whether this user can keep a ledger in `SIDECAR_DATA_DIR`, tested with a file that is then removed.',
  needs: [],
  problems: {
    NotWritable: {
      status: 'fail',
      when: 'This user may not write to it.',
      fix: 'Let user {user} write to {directory}: in a pod with fsGroup in the securityContext; in ECS with a task volume at exactly that path, which gets its owner from the image.',
    },
    ReadOnly: {
      status: 'fail',
      when: 'It is on a read-only file system, such as the root of the container.',
      fix: `Mount ${volume}, or name another one with SIDECAR_DATA_DIR.`,
    },
    Full: {
      status: 'fail',
      when: 'The volume is full: its space, a quota or a limit is used up.',
      fix: 'Free or enlarge the volume; acknowledged usage is not lost.',
    },
    NotADirectory: {
      status: 'fail',
      when: 'It, or a part of its path, is not a directory.',
      fix: 'Correct SIDECAR_DATA_DIR.',
    },
    CannotBeMade: {
      status: 'fail',
      when: 'It does not exist, and this user cannot create it.',
      fix: `Mount ${volume}.`,
    },
    ForeignFiles: {
      status: 'fail',
      when: 'A file of the ledger belongs to another user, and this user may not use it.',
      fix: 'Run the sidecar as the user who owns {file}, or give the files to user {user}.',
    },
  },
  run(diagnosis, findings) {
    if (diagnosis.databaseUrl !== undefined) {
      findings.pass('None is used: the ledger is in a database.')
      return
    }
    const [wrong] = diagnosis.wrong('SIDECAR_DATA_DIR')
    if (wrong !== undefined) {
      findings.skip(`Not checked: ${wrong} is wrong.`)
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
      findings.pass(`User ${user} can write to ${directory}, which belongs to user ${owner}.`)
    else findings.pass(`${directory} does not exist yet; user ${user} can create it in ${nearest}.`)
  },
})

function describe(problem: DirectoryProblem, directory: string, state: DirectoryState): string {
  const { code, nearest, owner, file } = state
  switch (problem) {
    case 'NotADirectory':
      return `${directory} is not a directory.`
    case 'CannotBeMade':
      return `${directory} does not exist, and this user cannot create it in ${nearest} (${code}).`
    case 'ForeignFiles':
      return `This user may not use ${file} (${code}).`
    default:
      return owner === undefined
        ? `${directory} cannot be reached (${code}).`
        : `${directory}, which belongs to user ${owner}, is not writable (${code}).`
  }
}
