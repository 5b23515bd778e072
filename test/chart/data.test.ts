import { expect, test } from 'vitest'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { render } from './charts.ts'
import { only, podOf, sidecarOf, type KubernetesObject } from './kubernetes-object.ts'

const dataDir = settingsTable.find(({ name }) => name === 'SIDECAR_DATA_DIR')?.default
const ledgerVolumes = (objects: readonly KubernetesObject[]) =>
  podOf(objects).spec.volumes.filter(({ name }) => name === 'marketplace-sidecar-data')

test.each(['emptyDir', 'existingClaim', 'claimTemplate'])(
  'with %s the ledger is where the sidecar looks for it',
  async (type) => {
    const objects = await render({ sidecar: { data: { type, claimName: 'ledger' } } })
    expect(sidecarOf(objects).volumeMounts).toEqual([
      { name: 'marketplace-sidecar-data', mountPath: dataDir },
    ])
  },
)

test('an emptyDir has a limit', async () => {
  const objects = await render({ sidecar: { data: { size: '3Gi' } } })
  expect(ledgerVolumes(objects)).toEqual([
    { name: 'marketplace-sidecar-data', emptyDir: { sizeLimit: '3Gi' } },
  ])
  expect(only(objects, 'Deployment').spec).toMatchObject({
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
  })
})

test('an existing claim is used by one pod at a time', async () => {
  const objects = await render({ sidecar: { data: { type: 'existingClaim', claimName: 'mine' } } })
  expect(ledgerVolumes(objects)).toEqual([
    { name: 'marketplace-sidecar-data', persistentVolumeClaim: { claimName: 'mine' } },
  ])
  expect(only(objects, 'Deployment').spec['strategy']).toEqual({ type: 'Recreate' })
})

test('a StatefulSet makes a claim for each pod, without labels that an upgrade would change', async () => {
  const data = { type: 'claimTemplate', size: '2Gi', storageClassName: 'gp3' }
  const objects = await render({ sidecar: { data } })
  expect(ledgerVolumes(objects)).toEqual([])
  const { spec, metadata } = only(objects, 'StatefulSet')
  expect(spec).toMatchObject({ serviceName: metadata.name })
  expect(spec['volumeClaimTemplates']).toEqual([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'marketplace-sidecar-data' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'gp3',
        resources: { requests: { storage: '2Gi' } },
      },
    },
  ])
})

test('without a storage class the cluster chooses', async () => {
  const objects = await render({ sidecar: { data: { type: 'claimTemplate' } } })
  const [claim] = only(objects, 'StatefulSet').spec['volumeClaimTemplates'] as KubernetesObject[]
  expect(claim?.spec).not.toHaveProperty('storageClassName')
})
