import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Returns the name and version of every npm package in the bundle, from its licences. */
export function npmPackagesOf(root: string): readonly string[] {
  const licences = readFileSync(join(root, 'app/THIRD-PARTY-LICENSES.txt'), 'utf8')
  return [...licences.matchAll(/^(\S+ \d+\.\d+\.\d+\S*) \(.+\)$/gm)].map(([, name]) => String(name))
}

/** Returns the name and version of every Debian package, listed in one file or, as in Distroless, in many. */
export function debianPackagesOf(root: string): readonly string[] {
  const folder = join(root, 'var/lib/dpkg')
  const files = ['status', 'status.d']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      path.endsWith('.d') ? readdirSync(path).map((name) => join(path, name)) : [path],
    )
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  const found = text.matchAll(/^Package: (\S+)\n(?:.+\n)*?Version: (\S+)$/gm)
  return [...found].map(([, name, version]) => `${name} ${version}`)
}
