import { readFileSync } from 'node:fs'

/** How many files this process may have open, sockets included; NaN where the system does not say. */
export function mostOpenFiles(): number {
  const [, soft = ''] = /^Max open files +(\S+)/m.exec(limits()) ?? []
  return soft === 'unlimited' ? Infinity : soft === '' ? NaN : Number(soft)
}

/** Without /proc, which only Linux has, they are unknown. */
function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
