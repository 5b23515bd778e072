import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { renderText } from './charts.ts'

const head = `# An application that is sold on AWS Marketplace, with its sidecar: the objects of helm/example-product, for those who
# do not use Helm. Replace the images, the role and the container "application", then:
#   kubectl apply --namespace my-product --filename deploy/kubernetes.yaml
# Do not edit it by hand. To make it from the chart:
#   npx vitest run --project chart test/chart/manifest.test.ts --update
`
const values = {
  nameOverride: 'my-product',
  serviceAccount: {
    annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/my-product' },
  },
}

test('the plain manifest is what the chart renders, without what belongs to Helm', async () => {
  const rendered = await renderText(values, { release: 'my-product' })
  const plain = rendered.replaceAll(/^ *(# Source:|helm\.sh\/chart:|namespace:) .*\n/gm, '')
  expect(plain).not.toMatch(/helm/i)
  const file = join(root, 'deploy/kubernetes.yaml')
  const text = await format(`${head}${plain}`, { ...(await resolveConfig(file)), parser: 'yaml' })
  await expect(text).toMatchFileSnapshot(file)
})
