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
  /** Whether they are Node's own. */
  readonly isBuiltin?: boolean
}

/** Commands for the development machine. In the image they only report that they are missing. */
export const developmentCommands: Part = {
  modules: /\/cli\/(?:demo\/demo(?:-machine)?|emulate\/emulate)\.ts$/,
  contents: `const leftOut = (command) => async (_args, io) => {
    io.err('The command ' + command + ' is not part of the image. Run it in a checkout of the source:')
    io.err('npm run cli -- ' + command)
    return 2
  }
  const noDemo = async () => {
    throw new TypeError('The demo is not part of the image. Run --demo in a checkout of the source.')
  }
  const [demo, emulate] = [leftOut('demo'), leftOut('emulate')]
  export { demo, emulate, noDemo as demoMachine }`,
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

/** The password file of a person, and another platform's sockets: the URL of the database has its password. */
export const personalPasswords: Part = {
  modules: /\/pgpass\/lib\/index\.js$|\/pg-cloudflare\//,
  contents: 'module.exports = (_connection, done) => done(undefined)',
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

const throwing = (what: string) => `() => {
    throw new Error('This bundle does not have ${what}.')
  }`

/** What Fastify would need for HTTP/2. Loading it takes as long as a tenth of Node's own start. */
export const http2: Part = {
  modules: /(?:^|:)http2$/,
  isBuiltin: true,
  contents: `const leftOut = ${throwing('HTTP/2')}
  module.exports = { createServer: leftOut, createSecureServer: leftOut }`,
}

/** Metrics of Node and of clusters. Ours are in one table, and these load V8's profiler and a compressor. */
export const otherMetrics: Part = {
  modules: /\/prom-client\/lib\/(?:cluster|defaultMetrics|pushgateway)\.js$/,
  contents: `module.exports = ${throwing('this part of prom-client')}`,
}

/** What Fastify compares the versions of its plugins with. Ours come without a version. */
export const pluginVersions: Part = {
  modules: /\/semver\/index\.js$/,
  contents: `module.exports = { satisfies: ${throwing('plugins with versions')} }`,
}

/** Log transports in worker threads. Ours writes to standard output. */
export const logTransports: Part = {
  modules: /\/pino\/lib\/transport\.js$/,
  contents: `module.exports = ${throwing('log transports')}`,
}

/** Checksums of event streams and of S3. The Metering service has neither. */
export const checksums: Part = {
  modules: /\/@smithy\/core\/dist-es\/submodules\/checksum\/crc32\/Crc32(?:Js|Node)\.js$/,
  contents: `const LeftOut = class {
    constructor() {
      throw new Error('This bundle does not have checksums.')
    }
  }
  export { LeftOut as Crc32Js, LeftOut as Crc32Node }`,
}

/** Replaces each part with its stub, so that nothing it imports is bundled. */
export function leaveOut(parts: readonly Part[]): Plugin {
  return {
    name: 'leave-out',
    setup(bundling) {
      for (const { modules, contents, isBuiltin = false } of parts) {
        if (isBuiltin) {
          const namespace = 'left-out'
          bundling.onResolve({ filter: modules }, ({ path }) => ({ path, namespace }))
          bundling.onLoad({ filter: modules, namespace }, () => ({ contents }))
        } else
          bundling.onLoad({ filter: modules }, ({ path }) => ({
            contents,
            resolveDir: path.slice(0, path.lastIndexOf('/')),
          }))
      }
    },
  }
}
