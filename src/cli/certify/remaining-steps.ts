import type { Diagnosis } from '../../doctor/diagnosis.ts'

/** Where AWS requires one of the records. */
const firstRegion = 'us-east-1'

/** Lists what a seller still has to do or check before the listing goes public, a sentence each. */
export async function remainingSteps(diagnosis: Diagnosis): Promise<string[]> {
  const { name, region } = await diagnosis.platform()
  const { product, productFile } = diagnosis
  const steps: string[] = []
  if (name !== 'ecs' && name !== 'eks')
    steps.push('This is not an ECS task or EKS pod, so AWS received nothing: do the same in one.')
  if (region?.region === firstRegion) steps.push(`This is ${firstRegion}, which AWS requires.`)
  else
    steps.push(
      `This is ${region?.region ?? 'no known region'}: do the same in a task or pod in ${firstRegion}, which AWS requires.`,
    )
  steps.push(
    `Compare with the portal: the product code ${product?.productCode ?? ''}, the public key and its version, and the name of every dimension.`,
  )
  if (productFile === undefined)
    steps.push('Bake the product file into the image, so that no buyer can change it.')
  steps.push(
    "Push every image, also the sidecar's, to the registry that AWS Marketplace gave the product. No tag may be latest, and no image may have attestation layers (--provenance=false --sbom=false).",
    'Give the images of the sidecar and the application fixed tags in the chart or the task definition, and document which role buyers need.',
  )
  return steps
}
