import { fdatasync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** Flushes the content of a file; tests of failing disks have another one. */
export type DataSync = (handle: FileHandle) => Promise<void>

/** The call with a callback takes less of the event loop's time than the handle's own method. */
export const dataSyncOfSystem: DataSync = ({ fd }) =>
  new Promise((resolve, reject) => {
    fdatasync(fd, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
