import type { Diagnosis } from '../../doctor/diagnosis.ts'

/** Where AWS wants to see one of the records. */
export const firstRegion = 'us-east-1'

/** What a seller still has to do or to look at before the listing goes public, a sentence each. */
export async function remainingSteps(diagnosis: Diagnosis): Promise<string[]> {
  const { name, region } = await diagnosis.platform()
  const { product, resolved } = diagnosis
  const steps: string[] = []
  if (name !== 'ecs' && name !== 'eks')
    steps.push('This is no task or pod of AWS, so AWS has seen nothing of it: do the same in one.')
  if (region?.region === firstRegion) steps.push(`This is ${firstRegion}, which AWS asks for.`)
  else
    steps.push(
      `This is ${region?.region ?? 'no known region'}: do the same in a task or pod in ${firstRegion}, which AWS asks for.`,
    )
  steps.push(
    `Compare with the portal: the product code ${product?.productCode ?? ''}, the public key and its version, and the name of every dimension.`,
  )
  if (resolved?.file === undefined)
    steps.push('Bake the product file into the image, so that no buyer can change it.')
  steps.push(
    "Push every image, the sidecar's too, to the registry that AWS Marketplace gave the product; no tag may be latest, and none may have attestation layers (--provenance=false --sbom=false).",
    'Name the sidecar and the application with fixed tags in the chart or the task definition, and tell buyers which role is needed.',
  )
  return steps
}
