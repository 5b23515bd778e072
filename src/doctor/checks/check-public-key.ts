import { routeOf } from '../../product/routes.ts'
import { keyWarnings } from '../../product/product-warnings.ts'
import { parsePublicKey, soundKeyBits } from '../../product/public-key.ts'
import { defineCheck } from '../check.ts'

export const publicKeyCheck = defineCheck({
  id: 'public-key',
  title: "The product's public keys: their versions and sizes.",
  needs: ['product'],
  problems: {
    DoubtfulKey: {
      status: 'warn',
      when: `A key is shorter than ${soundKeyBits} bits, or is listed under two versions.`,
      fix: 'Compare versions and keys with the portal, and ask AWS for a longer key.',
    },
  },
  run({ product }, findings) {
    if (product === undefined) return
    if (!routeOf(product.route).needs.includes('publicKeys')) {
      findings.pass(`Not needed: the route ${product.route} has none.`)
      return
    }
    const keys = [...product.publicKeys].map(([version, pem]) => {
      const key = parsePublicKey(pem)
      return `version ${version} (RSA, ${key.ok ? key.value.bits : 0} bits)`
    })
    findings.pass(`${keys.join(', ')}.`)
    for (const warning of keyWarnings(product)) findings.problem('DoubtfulKey', warning)
  },
})
