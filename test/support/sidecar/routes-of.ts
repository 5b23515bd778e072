import type { FastifyInstance } from 'fastify'

/** Returns `GET /path/{parameter}` for each route, from the tree that Fastify prints; every GET also has HEAD. */
export async function routesOf(app: FastifyInstance): Promise<string[]> {
  await app.ready()
  const parents: string[] = []
  return app
    .printRoutes()
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] =
        /^([ │]*)[└├]── (\S+)(?: \(([^)]+)\))?$/.exec(line) ?? []
      const depth = indent.length / 4
      const path = (parents[depth - 1] ?? '') + part
      parents[depth] = path
      const named = methods.split(', ').filter((method) => method !== '' && method !== 'HEAD')
      const template = path.replaceAll(/:(\w+)/g, '{$1}')
      return named.map((method) => `${method} ${template}`)
    })
}
