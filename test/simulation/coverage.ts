/** How often each kind of thing happened. */
export class Coverage {
  readonly counts = new Map<string, number>()

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  add(other: Coverage): void {
    for (const [what, times] of other.counts) this.count(what, times)
  }

  /** One line for each, by name. */
  lines(): string[] {
    const all = [...this.counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return all.map(([what, times]) => `${String(times).padStart(9)}  ${what}`)
  }
}
