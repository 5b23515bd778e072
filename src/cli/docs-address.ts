import manifest from '../../package.json' with { type: 'json' }

interface Manifest {
  readonly version: string
  /** The project's address. The workflow of a release writes it. */
  readonly homepage?: string
}

/** Where the pages of this version are published; undefined where package.json has no `homepage`. */
export function docsAddressOf({ version, homepage }: Manifest): string | undefined {
  return homepage === undefined ? undefined : `${homepage}/blob/v${version}/docs`
}

export const docsAddress = docsAddressOf(manifest)
