/**
 * Runs the smallest server that keeps what it is sent: each body is written to a file and flushed, and
 * then answered. `node plain-sync.ts <port> <file>`.
 */
import { fdatasync, openSync, write } from 'node:fs'
import { createServer } from 'node:http'

const [, , port, path = ''] = process.argv
const file = openSync(path, 'a')
const answer = JSON.stringify({ result: 'accepted', hour: new Date().toISOString(), late: false })
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': Buffer.byteLength(answer),
}

const server = createServer((request, response) => {
  const end = (error: Error | null) =>
    response.writeHead(error === null ? 200 : 500, headers).end(answer)
  request.on('data', (bytes: Buffer) =>
    write(file, bytes, (failure) => {
      if (failure === null) fdatasync(file, end)
      else end(failure)
    }),
  )
})
server.keepAliveTimeout = 75_000
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
