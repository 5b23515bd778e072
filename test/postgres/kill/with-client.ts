import { Client } from 'pg'

/** Connects to a database for some statements. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    // The server may have crashed meanwhile, which the work says better.
    await client.end().catch(() => {})
  }
}
