import type { FileHandle } from 'node:fs/promises'

/** Flushes the content of a file; tests of failing disks have another one. */
export type DataSync = (handle: FileHandle) => Promise<void>

export const dataSyncOfSystem: DataSync = (handle) => handle.datasync()
