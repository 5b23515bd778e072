import { expect, test } from 'vitest'
import { render } from './charts.ts'
import { podOf, sidecarOf } from './kubernetes-object.ts'

const path = '/run/secrets/marketplace-sidecar-database'

test('the URL of a database comes as a file from an existing secret', async () => {
  const database = { existingSecret: 'billing', key: 'sidecar-url' }
  const objects = await render({ sidecar: { database } })
  expect(podOf(objects).spec.volumes).toContainEqual({
    name: 'marketplace-sidecar-database',
    secret: {
      secretName: 'billing',
      defaultMode: 0o444,
      items: [{ key: 'sidecar-url', path: 'url' }],
    },
  })
  const { env, volumeMounts } = sidecarOf(objects)
  expect(env).toContainEqual({ name: 'SIDECAR_DATABASE_URL_FILE', value: `${path}/url` })
  expect(volumeMounts).toContainEqual({
    name: 'marketplace-sidecar-database',
    mountPath: path,
    readOnly: true,
  })
})

test('without a secret there is no trace of a database', async () => {
  const objects = await render({})
  expect(JSON.stringify(objects)).not.toMatch(/database/i)
})
