import { realpathSync, statfsSync } from 'node:fs'
import { defineCheck } from '../check.ts'
import { mountOf } from '../mount-of.ts'
import { nearestOf } from '../probe-directory.ts'

const leastFreeBytes = 64 * 1024 * 1024
const ofContainer = new Set(['overlay', 'aufs', 'fuse.fuse-overlayfs'])
const ofMemory = new Set(['tmpfs', 'ramfs'])
const ofNetwork = /^(nfs4?|cifs|smb3|9p|ceph|lustre|fuse\..+)$/

export const dataVolumeCheck = defineCheck({
  id: 'data-volume',
  title:
    'Whether the data directory outlives the container, as far as the mount shows, and has room.',
  needs: ['data-directory'],
  problems: {
    ContainerLayer: {
      status: 'warn',
      when: 'It is on the file system of the container, which is lost when the container restarts.',
      fix: 'Mount a volume at {directory}: an emptyDir in Kubernetes, a task volume in ECS.',
    },
    InMemory: {
      status: 'warn',
      when: 'It is in memory: it survives the container but not the machine, and counts against the memory limit.',
      fix: 'Leave medium: Memory out of the emptyDir, or mount a volume on disk at {directory}.',
    },
    Network: {
      status: 'warn',
      when: 'It is on a network file system such as EFS, where the ledger works, but more slowly and with exclusive use of the file.',
      fix: 'Mount a volume on a local disk at {directory}, or make sure that no other task or pod uses it.',
    },
    LittleSpace: {
      status: 'warn',
      when: 'Less than 64 MiB are free.',
      fix: 'Free or enlarge the volume of {directory}.',
    },
  },
  run(diagnosis, findings) {
    if (diagnosis.databaseUrl !== undefined) {
      findings.pass('None is used: the ledger is in a database.')
      return
    }
    const { mountInfo } = diagnosis.machine
    const directory = diagnosis.values.get('SIDECAR_DATA_DIR')
    const { nearest } = nearestOf(directory)
    const values = { directory }
    const { bavail, bsize } = statfsSync(nearest)
    const mebibytes = Math.floor((bavail * bsize) / 1024 / 1024)
    const mount = mountOf(realpathSync(nearest), mountInfo() ?? '')
    const where =
      mount === undefined
        ? 'It is on an unknown volume'
        : `It is on ${mount.type}, mounted at ${mount.point}`
    const words = `${where}; ${mebibytes} MiB are free.`
    const type = mount?.type ?? ''
    if (ofContainer.has(type)) findings.problem('ContainerLayer', words, { values })
    else if (ofMemory.has(type)) findings.problem('InMemory', words, { values })
    else if (ofNetwork.test(type)) findings.problem('Network', words, { values })
    else if (bavail * bsize >= leastFreeBytes) findings.pass(words)
    if (bavail * bsize < leastFreeBytes) findings.problem('LittleSpace', words, { values })
  },
})
