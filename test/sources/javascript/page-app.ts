// An application that counts with prom-client and shows its page. It prints its port; each line of standard
// input is what to count, and "ok" answers it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

const text = new Registry()
// Its types know one format for each registry, and only when it is made.
const open: Registry = new (Registry as new (type: string) => Registry)(
  Registry.OPENMETRICS_CONTENT_TYPE,
)
const registers = [text, open]
for (const register of registers) collectDefaultMetrics({ register })
const requests = registers.map(
  (register) =>
    new Counter({
      name: 'app_requests_total',
      help: 'Requests, with a "remark" \\ and a\nsecond line',
      labelNames: ['kind', 'tenant'],
      registers: [register],
    }),
)
const hosts = registers.map(
  (register) => new Gauge({ name: 'app_hosts', help: 'Hosts', registers: [register] }),
)

const server = createServer((request, response) => {
  const register = request.headers.accept?.includes('openmetrics') === true ? open : text
  void register.metrics().then((page) => {
    response.writeHead(200, { 'content-type': register.contentType }).end(page)
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
for await (const line of createInterface({ input: process.stdin })) {
  const { add, kind } = JSON.parse(line) as { readonly add: number; readonly kind: string }
  for (const counter of requests) counter.inc({ kind, tenant: 'a "b" \\ c' }, add)
  for (const gauge of hosts) gauge.set(add)
  console.log('ok')
}
process.exit()
