interface Mount {
  readonly point: string
  /** Such as `ext4`, `overlay`, `tmpfs` and `nfs4`. */
  readonly type: string
}

/**
 * Finds the mount that an absolute, real path lies on, in the text of /proc/self/mountinfo. Undefined
 * when that text names none.
 */
export function mountOf(path: string, mountInfo: string): Mount | undefined {
  return mountInfo
    .split('\n')
    .flatMap((line) => parse(line) ?? [])
    .filter(({ point }) => isBelow(path, point))
    .reduce<Mount | undefined>(
      // If two mounts share a point, the later one hides the earlier.
      (best, mount) =>
        best === undefined || mount.point.length >= best.point.length ? mount : best,
      undefined,
    )
}

/** `36 35 98:0 /root /point options tags... - type source options`; see proc_pid_mountinfo(5). */
function parse(line: string): Mount | undefined {
  const [before = '', after = ''] = line.split(' - ')
  const point = before.split(' ')[4]
  const type = after.split(' ')[0]
  if (point === undefined || type === undefined || type === '') return undefined
  const plain = point.replaceAll(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(parseInt(octal, 8)),
  )
  return { point: plain, type }
}

function isBelow(path: string, point: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`)
}
