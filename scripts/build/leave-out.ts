/**
 * Keeps code that a program never runs out of its bundle. A stub in its place reports that, should it be
 * reached after all.
 */
import type { Plugin } from 'esbuild'

export interface Part {
  /** Full paths of the modules. */
  readonly modules: RegExp
  /** The stub in their place. */
  readonly contents: string
}

/** Commands for the development machine. In the image they only report that they are missing. */
export const developmentCommands: Part = {
  modules: /\/cli\/(?:demo\/demo(?:-machine)?|emulate\/emulate)\.ts$/,
  contents: `const leftOut = async (_args, io) => {
    io.err('This command is not part of the image; run it from a checkout of the source.')
    return 2
  }
  const noDemo = async () => {
    throw new TypeError('The demo is not part of the image; run it from a checkout of the source.')
  }
  export { leftOut as demo, leftOut as emulate, noDemo as demoMachine }`,
}

/**
 * Files, programs and logins on a person's machine. AWS Marketplace accepts only the role of the task or
 * pod, which the SDK gets from a container's endpoint, a web identity or EC2. After this error the SDK goes
 * on searching for credentials, as it does after any source that has none.
 */
export const personalCredentials: Part = {
  modules: /\/@aws-sdk\/credential-provider-(ini|login|process|sso)\/dist-es\/index\.js$/,
  contents: `import { CredentialsProviderError } from '@smithy/core/config'
  const leftOut = () => async () => {
    throw new CredentialsProviderError('Profiles, SSO, logins and credential processes are not part of the image.')
  }
  export { leftOut as fromIni, leftOut as fromLoginCredentials, leftOut as fromProcess, leftOut as fromSSO }`,
}

/** Fastify creates both when it starts and needs them only for routes with a schema. Ours have none. */
export const schemaCompilers: Part = {
  modules: /\/@fastify\/(ajv-compiler|fast-json-stringify-compiler)\/index\.js$/,
  contents: `module.exports = () => () => {
    throw new Error('This bundle does not have a compiler for route schemas.')
  }`,
}

/** Requests without a socket, which only tests send. */
export const injection: Part = {
  modules: /\/light-my-request\/index\.js$/,
  contents: `module.exports = () => {
    throw new Error('This bundle accepts requests over sockets only.')
  }`,
}

/** Replaces each part with its stub, so that nothing it imports is bundled. */
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
