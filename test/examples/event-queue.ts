import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { moto, pythonTools } from '../../scripts/tools/client-tools.ts'
import {
  readTemplate,
  resolveReferences,
  type Json,
  type JsonObject,
} from '../support/deploy/cloudformation.ts'
import { root } from '../support/program/program.ts'

type Answer = Readonly<Record<string, unknown>>
type Call = (service: string, operation: string, args: object) => Promise<Answer>

/** SQS, SNS and EventBridge of moto, with the queues, the rule and the subscription of deploy/saas-events.yaml. */
export interface EventQueue {
  readonly url: string
  readonly env: NodeJS.ProcessEnv
  readonly python: string
  /** Puts a message into the queue as it is. */
  send(body: string): Promise<void>
  /** Has EventBridge deliver an event. */
  put(detailType: string, licenseArn: string): Promise<void>
  /** Has SNS deliver a notification. */
  publish(message: object): Promise<void>
  /** Messages that are in the queue, hidden ones included. */
  count(): Promise<number>
  /** The bodies in the queue of messages that were refused. */
  refused(): Promise<readonly string[]>
  close(): Promise<void>
}

const account = '123456789012'
const topicName = 'aws-mp-subscription-notification-code'
const topicArn = `arn:aws:sns:us-east-1:${account}:${topicName}`
const arnOf = (name: string) => `arn:aws:sqs:us-east-1:${account}:${name}`
const { Resources } = readTemplate('saas-events.yaml')

/** A resource of the template, with the names that it gets here. */
function propertiesOf(name: string, suffix: string): JsonObject {
  const values = {
    SubscriptionTopicArn: topicArn,
    'Queue.Arn': arnOf(`Queue${suffix}`),
    'RefusedQueue.Arn': arnOf(`RefusedQueue${suffix}`),
  }
  const properties = Resources[name]?.Properties ?? {}
  return resolveReferences(properties, values) as JsonObject
}

const textOf = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value))

/** Starts moto once, for all queues of a test file. */
export async function startMoto() {
  const { command } = await moto.install()
  const python = join(await pythonTools(), 'bin/python')
  const server = spawn(command, ['-H', '127.0.0.1', '-p', '0'], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [url] = await firstMatch(server.stderr, /http:\/\/127\.0\.0\.1:\d+/)
  server.stderr.resume()
  const env = {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const program = join(root, 'test/examples/python/call_aws.py')
  const caller = spawn(python, [program], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(caller.stdout)[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()
  const call: Call = (service, operation, args) => {
    const answer = last.then(async () => {
      caller.stdin.write(`${JSON.stringify({ service, operation, arguments: args })}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`${service} ${operation} failed`)
      return JSON.parse(value) as Answer
    })
    last = answer.catch(() => undefined)
    return answer
  }
  let queues = 0
  return {
    queue: () => makeQueue(call, String((queues += 1)), { env, python }),
    async close() {
      const running = [server, caller].filter((each) => each.exitCode === null)
      const ended = running.map((each) => once(each, 'exit'))
      for (const each of running) each.kill()
      await Promise.all(ended)
    },
  }
}

async function makeQueue(
  call: Call,
  suffix: string,
  program: Pick<EventQueue, 'env' | 'python'>,
): Promise<EventQueue> {
  const create = async (name: string) => {
    const attributes = Object.entries(propertiesOf(name, suffix)).map(
      ([key, value]) => [key, textOf(value)] as const,
    )
    const { QueueUrl } = await call('sqs', 'create_queue', {
      QueueName: `${name}${suffix}`,
      Attributes: Object.fromEntries(attributes),
    })
    return String(QueueUrl)
  }
  const refusedUrl = await create('RefusedQueue')
  const url = await create('Queue')
  const { EventPattern = null, Targets = null } = propertiesOf('LicenceEvents', suffix)
  const rule = `LicenceEvents${suffix}`
  await call('events', 'put_rule', { Name: rule, EventPattern: JSON.stringify(EventPattern) })
  await call('events', 'put_targets', { Rule: rule, Targets })
  await call('sns', 'create_topic', { Name: topicName })
  const { RawMessageDelivery = null, ...subscription } = propertiesOf('Subscription', suffix)
  await call('sns', 'subscribe', {
    ...subscription,
    Attributes: { RawMessageDelivery: textOf(RawMessageDelivery) },
  })
  const visible = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
  return {
    url,
    ...program,
    async send(body) {
      await call('sqs', 'send_message', { QueueUrl: url, MessageBody: body })
    },
    async put(detailType, licenseArn) {
      const entry = {
        Source: 'aws.agreement-marketplace',
        DetailType: detailType,
        Resources: [licenseArn],
        Detail: JSON.stringify({ license: { arn: licenseArn } }),
      }
      await call('events', 'put_events', { Entries: [entry] })
    },
    async publish(message) {
      await call('sns', 'publish', { TopicArn: topicArn, Message: JSON.stringify(message) })
    },
    async count() {
      const { Attributes } = await call('sqs', 'get_queue_attributes', {
        QueueUrl: url,
        AttributeNames: visible,
      })
      const counts = Object.values(Attributes as Readonly<Record<string, string>>)
      return counts.reduce((sum, each) => sum + Number(each), 0)
    },
    async refused() {
      const { Messages = [] } = await call('sqs', 'receive_message', {
        QueueUrl: refusedUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
      })
      return (Messages as readonly { Body: string }[]).map(({ Body }) => Body)
    },
    async close() {
      const { Subscriptions } = await call('sns', 'list_subscriptions', {})
      for (const { SubscriptionArn } of Subscriptions as readonly { SubscriptionArn: string }[])
        await call('sns', 'unsubscribe', { SubscriptionArn })
      await call('events', 'remove_targets', { Rule: rule, Ids: ['queue'] })
    },
  }
}

async function firstMatch(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string[]> {
  for await (const line of createInterface(stream)) {
    const match = pattern.exec(line)
    if (match !== null) return match
  }
  throw new Error(`the program ended without ${pattern}`)
}
