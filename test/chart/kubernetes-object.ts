/** The members of a rendered object that the tests read. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Metadata
  readonly spec: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, string>>
}

export interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>> | null
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly imagePullPolicy: string
  readonly restartPolicy?: string
  readonly command?: readonly string[]
  readonly env?: readonly { name: string; value?: string; valueFrom?: object }[]
  readonly ports?: readonly { name: string; containerPort: number }[]
  readonly resources: unknown
  readonly startupProbe: unknown
  readonly livenessProbe: { httpGet: unknown }
  readonly lifecycle?: unknown
  readonly readinessProbe: { httpGet: unknown }
  readonly securityContext: unknown
  readonly volumeMounts: readonly { name: string; mountPath: string }[]
}

export interface Pod {
  readonly metadata: Metadata
  readonly spec: {
    readonly serviceAccountName: string
    readonly terminationGracePeriodSeconds: number
    readonly securityContext: Readonly<Record<string, unknown>>
    readonly initContainers: readonly Container[] | null
    readonly containers: readonly Container[]
    readonly volumes: readonly { name: string }[]
  }
}

/** Finds the only object of a kind, or of a kind and name. */
export function only(
  objects: readonly KubernetesObject[],
  kind: string,
  name?: string,
): KubernetesObject {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  )
  const [object] = found
  if (object === undefined || found.length > 1) {
    throw new Error(`${found.length} objects of kind ${kind}, not one`)
  }
  return object
}

export const kindsOf = (objects: readonly KubernetesObject[]) =>
  objects.map(({ kind }) => kind).toSorted()

/** Finds the product's pod in its Deployment or StatefulSet. */
export function podOf(objects: readonly KubernetesObject[]): Pod {
  const workload = objects.find(
    ({ kind, metadata }) =>
      (kind === 'Deployment' || kind === 'StatefulSet') && metadata.name === 'shop-example-product',
  )
  if (workload === undefined) throw new Error('no workload was rendered')
  return workload.spec['template'] as Pod
}

/** Finds the sidecar among the containers and init containers of the pod. */
export function sidecarOf(objects: readonly KubernetesObject[]): Container {
  const { initContainers, containers } = podOf(objects).spec
  const found = [...(initContainers ?? []), ...containers].filter(
    ({ name }) => name === 'marketplace-sidecar',
  )
  const [sidecar] = found
  if (sidecar === undefined || found.length > 1) throw new Error(`${found.length} sidecars`)
  return sidecar
}

export const envOf = ({ env = [] }: Container) =>
  Object.fromEntries(
    env.flatMap(({ name, value }) => (value === undefined ? [] : ([[name, value]] as const))),
  )
