/** The task or pod that a book belongs to. */
export interface Owner {
  readonly identity: string
  /** When this task or pod first opened the book, ms. */
  readonly firstSeenAt: number
  /** The task or pod that owned the book before, when it was another one. */
  readonly adoptedFrom: string | undefined
}
