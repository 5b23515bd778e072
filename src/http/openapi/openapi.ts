import { openApiPaths } from './openapi-paths.ts'
import { problemExamples } from './openapi-responses.ts'
import { componentSchemas } from './openapi-schemas.ts'

/**
 * Describes the application's listener as an OpenAPI 3.1 document. Tests compare it with the routes,
 * their answers, docs/reference/http-api.md and docs/reference/errors.md.
 */
export function openApiDocument(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'marketplace-sidecar',
      version,
      summary:
        'Entitlement and hourly metering for container and SaaS products on AWS Marketplace.',
      description:
        "The application's listener, on loopback. Times are UTC, and an hour is named by its start. Errors are problem documents with a stable code.",
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The listener that this document came from.' }],
    // No token, or the one that SIDECAR_API_TOKEN_FILE names.
    security: [{}, { token: [] }],
    tags: [
      { name: 'entitlement', description: 'May the product run?' },
      { name: 'usage', description: 'What is billed.' },
      { name: 'customers', description: 'Of a SaaS product.' },
      { name: 'operators', description: 'Decisions about usage that waits for a person.' },
      { name: 'aws', description: 'For AWS SDKs.' },
      { name: 'documents', description: 'The same for every caller. They hold no data.' },
    ],
    paths: openApiPaths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'The content of the file that SIDECAR_API_TOKEN_FILE names.',
        },
        operatorToken: {
          type: 'http',
          scheme: 'bearer',
          description: 'The content of the file that SIDECAR_OPERATOR_TOKEN_FILE names.',
        },
      },
      schemas: componentSchemas,
      examples: problemExamples,
    },
  }
}
