/**
 * Makes the calls that it reads from standard input, one JSON object per line, with the AWS SDK for
 * JavaScript 2, and answers each with a line. This SDK ignores the endpoint variable, so it is an option.
 */
const { createInterface } = require('node:readline')
const AWS = require(process.argv[2])

const { AWS_REGION, AWS_ENDPOINT_URL_MARKETPLACE_METERING: endpoint } = process.env

async function main() {
  for await (const line of createInterface(process.stdin)) {
    const answer = await perform(JSON.parse(line, reviveTimestamp))
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}

function perform({ operation, region = AWS_REGION, input }) {
  const client = new AWS.MarketplaceMetering({ region, endpoint, maxRetries: 1 })
  const method = operation.charAt(0).toLowerCase() + operation.slice(1)
  return new Promise((resolve, reject) => {
    client[method](input)
      .on('complete', ({ data, error, httpResponse, requestId }) => {
        const { statusCode } = httpResponse
        if (!error) resolve({ output: data, status: statusCode, requestId })
        else if (!statusCode) reject(error)
        else {
          const { code, message } = error
          resolve({ error: { type: error.name, code, message }, status: statusCode, requestId })
        }
      })
      .send()
  })
}

function reviveTimestamp(name, value) {
  return name === 'Timestamp' ? new Date(value) : value
}

void main()
