import { ModelDisk } from '../../support/store/model-disk.ts'
import { describeStore } from '../store-conformance.ts'

describeStore({
  name: 'the model store',
  async create(keyLimitBytes) {
    const disk = new ModelDisk({ keyLimitBytes })
    return {
      open: () => disk.open(),
      crash: () => disk.crash(),
      kill: () => disk.endProcess(),
      failFlush: () => disk.failFlushes(1),
      lock() {
        disk.failWrites('LedgerBusy')
        return () => disk.heal()
      },
      remove: async () => {},
    }
  },
})
