import { readProductFile } from '../../product/load-product.ts'
import type { ProductFile } from '../../product/product.ts'
import { identityWarnings } from '../../product/product-warnings.ts'
import { defineCheck } from '../check.ts'
import { asSentence } from '../../kernel/text/as-sentence.ts'
import type { Diagnosis } from '../diagnosis.ts'

export const productCheck = defineCheck({
  id: 'product',
  title: 'The product: from the file in the image, the file that a setting names, or the settings.',
  needs: [],
  problems: {
    WrongProduct: {
      status: 'fail',
      when: 'The product file cannot be read or is wrong; one line each.',
      fix: 'Correct the product file, build the image again, and try "marketplace-sidecar product check" on it first.',
    },
    NotDescribed: {
      status: 'fail',
      when: 'There is no product file, and the settings that describe the product are missing or wrong; one line each.',
      fix: 'Set or correct what the line names, or use a product file instead: "marketplace-sidecar product init" writes one.',
    },
    ProbablyNotMeant: {
      status: 'warn',
      when: 'The file has something that is allowed but has no effect.',
      fix: 'Remove it from the product file.',
    },
    NotBakedIn: {
      status: 'warn',
      when: 'There is no product file in the image, so anyone who sets the environment decides what is metered.',
      fix: 'Bake a product file into the image as /etc/marketplace-sidecar/product.json before you publish it.',
    },
  },
  run(diagnosis, findings) {
    const { product, productMistakes } = diagnosis
    const problem = diagnosis.productFile === undefined ? 'NotDescribed' : 'WrongProduct'
    for (const mistake of productMistakes) findings.problem(problem, asSentence(mistake))
    if (productMistakes.length > 0) return
    if (product === undefined) {
      findings.skip('The settings that say where the product is described are wrong.')
      return
    }
    const { productCode, route, dimensions } = product
    const names = dimensions.map(({ name }) => name).join(', ') || 'none'
    const where = diagnosis.productFile ?? 'the settings'
    findings.pass(`${productCode}, route ${route}, dimensions: ${names}; according to ${where}.`)
    const file = readAgain(diagnosis)
    if (file === undefined)
      findings.problem('NotBakedIn', 'The product is described by settings, not by the image.')
    else for (const warning of identityWarnings(file)) findings.problem('ProbablyNotMeant', warning)
  },
})

/** The file itself, which lists the codes that it trusts. */
function readAgain({ productFile, machine }: Diagnosis): ProductFile | undefined {
  const file = productFile === undefined ? undefined : readProductFile(productFile, machine.reader)
  return file?.ok === true ? file.value : undefined
}
