import type { TestProject } from 'vitest/node'
import { createServerFolder, removeServer, type PostgresServer } from './server.ts'
import { createTemplate } from './template.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: PostgresServer
  }
}

/** One server for the suite. */
export async function setup(project: TestProject): Promise<() => void> {
  const server = await createServerFolder()
  await createTemplate(server)
  project.provide('postgres', server)
  return () => removeServer(server)
}
