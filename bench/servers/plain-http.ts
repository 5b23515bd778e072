/**
 * Runs the smallest server that sends the same bytes and headers as the sidecar's entitlement check:
 * `node plain-http.ts <port> <headers as JSON> <body>`.
 */
import { createServer } from 'node:http'

const [port, headersJson = '{}', body = ''] = process.argv.slice(2)
const headers = JSON.parse(headersJson) as Record<string, string>

const server = createServer((_request, response) => {
  response.writeHead(200, headers)
  response.end(body)
})
server.keepAliveTimeout = 75_000
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
