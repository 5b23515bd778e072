import type { Clock } from '../kernel/clock.ts'
import { readEcsTask } from './ecs-metadata.ts'
import { inKubernetes, readPod, type PodReading } from './kubernetes-pod.ts'
import { metadataHttp, type MetadataHttp } from './metadata-http.ts'
import type { PlatformName, RegionReading } from './platform.ts'
import { readBounded, type ReadBounded } from './read-bounded.ts'

export interface IdentifyOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly hostname: string
  readonly clock: Clock
  readonly signal?: AbortSignal
  readonly readText?: ReadBounded
  readonly http?: MetadataHttp
  /** SIDECAR_POD_UID: the pod's uid as its own specification gives it. */
  readonly podUid?: string | undefined
  /** For one read of ECS metadata, ms; default 2000. */
  readonly ecsTimeoutMs?: number
}

/** What the platform itself said, before it is compared with the settings. */
export interface Identity {
  readonly name: PlatformName
  readonly resource: string
  readonly isGuess: boolean
  readonly region: RegionReading | undefined
  readonly warnings: readonly string[]
}

/** Asks ECS, then Kubernetes, which task or pod this is. Never rejects. */
export async function identify(options: IdentifyOptions): Promise<Identity> {
  const { env } = options
  const uri = env['ECS_CONTAINER_METADATA_URI_V4'] ?? ''
  if (uri !== '' || (env['AWS_EXECUTION_ENV'] ?? '').startsWith('AWS_ECS')) {
    return identifyTask(uri, options)
  }
  const pod = await readPod(env, options.readText ?? readBounded)
  if (inKubernetes(env) || pod.podUid !== undefined || pod.region !== undefined) {
    return identifyPod(pod, options)
  }
  const agentCore = Object.keys(env).some((name) => /^(AWS_)?BEDROCK_AGENTCORE_/.test(name))
  const warning = agentCore
    ? 'This looks like Bedrock AgentCore, which meters differently and is not supported: run the product on ECS or EKS.'
    : 'This is neither an ECS task nor an EKS pod: AWS will refuse to meter here (PlatformNotSupportedException); the emulator is for local work.'
  return {
    name: agentCore ? 'agentcore' : 'local',
    resource: `host:${options.hostname}`,
    isGuess: false,
    region: undefined,
    warnings: [...pod.warnings, warning],
  }
}

async function identifyTask(uri: string, options: IdentifyOptions): Promise<Identity> {
  const task = await readEcsTask({
    uri,
    http: options.http ?? metadataHttp,
    clock: options.clock,
    timeoutMs: options.ecsTimeoutMs ?? 2000,
    signal: options.signal,
  })
  if (task.ok) {
    const { taskArn, region } = task.value
    const reading: RegionReading = { source: 'ecs-task-arn', region }
    return { name: 'ecs', resource: taskArn, isGuess: false, region: reading, warnings: [] }
  }
  return {
    name: 'ecs',
    resource: `host:${options.hostname}`,
    isGuess: true,
    region: undefined,
    warnings: [task.failure],
  }
}

function identifyPod(pod: PodReading, options: IdentifyOptions): Identity {
  const warnings = [...pod.warnings]
  // The token is the kubelet's word; the setting is only what the pod's specification says.
  const podUid = pod.podUid ?? options.podUid
  const resource = podUid === undefined ? `host:${options.hostname}` : `pod:${podUid}`
  if (podUid === undefined) {
    warnings.push(
      "No service account token names this pod's uid, and SIDECAR_POD_UID is not set. Give the service account an IAM role (IRSA), or set SIDECAR_POD_UID from metadata.uid with the downward API.",
    )
  }
  if (pod.region === undefined) {
    warnings.push(
      pod.found
        ? "The pod's token was not issued by EKS: outside EKS AWS will refuse to meter (PlatformNotSupportedException)."
        : "No service account token names the cluster's region. Give the service account an IAM role (IRSA), which AWS requires anyway.",
    )
  }
  const region: RegionReading | undefined =
    pod.region === undefined ? undefined : { source: 'eks-token-issuer', region: pod.region }
  return { name: 'eks', resource, isGuess: podUid === undefined, region, warnings }
}
