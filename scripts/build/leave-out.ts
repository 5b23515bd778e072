/**
 * What a program never runs stays out of its bundle. In its place stands code that says so, should
 * it be reached after all.
 */
import type { Plugin } from 'esbuild'

export interface Part {
  /** Full paths of the modules. */
  readonly modules: RegExp
  /** What stands in their place. */
  readonly contents: string
}

/** Commands for the development machine. In the image they are not there, and say so. */
export const developmentCommands: Part = {
  modules: /\/cli\/(?:demo\/demo|emulate\/emulate)\.ts$/,
  contents: `const leftOut = async (_args, io) => {
    io.err('This command is not part of the image; run it from a checkout of the source.')
    return 2
  }
  export { leftOut as demo, leftOut as emulate }`,
}

/**
 * Files, programs and logins of a person's machine. AWS Marketplace takes only the role of the task or
 * the pod, which the SDK has from a container's endpoint, a web identity or EC2. The SDK's search for
 * credentials goes on after this error as after any source that has none.
 */
export const personalCredentials: Part = {
  modules: /\/@aws-sdk\/credential-provider-(ini|login|process|sso)\/dist-es\/index\.js$/,
  contents: `import { CredentialsProviderError } from '@smithy/core/config'
  const leftOut = () => async () => {
    throw new CredentialsProviderError('Profiles, SSO, logins and credential processes are not part of the image.')
  }
  export { leftOut as fromIni, leftOut as fromLoginCredentials, leftOut as fromProcess, leftOut as fromSSO }`,
}

/** Fastify makes both at its start, and needs them only for routes with a schema. Ours have none. */
export const schemaCompilers: Part = {
  modules: /\/@fastify\/(ajv-compiler|fast-json-stringify-compiler)\/index\.js$/,
  contents: `module.exports = () => () => {
    throw new Error('This bundle has no compiler for schemas of routes.')
  }`,
}

/** Requests without a socket, which only tests make. */
export const injection: Part = {
  modules: /\/light-my-request\/index\.js$/,
  contents: `module.exports = () => {
    throw new Error('This bundle takes requests over sockets only.')
  }`,
}

/** Puts a message in the place of each part, so that nothing it imports comes along. */
export function leaveOut(parts: readonly Part[]): Plugin {
  return {
    name: 'leave-out',
    setup(bundling) {
      for (const { modules, contents } of parts) {
        bundling.onLoad({ filter: modules }, ({ path }) => ({
          contents,
          resolveDir: path.slice(0, path.lastIndexOf('/')),
        }))
      }
    },
  }
}
