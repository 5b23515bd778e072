import type { Database, Row, Session } from '../../../src/store/postgres/connection/database.ts'

/** Counts the rows that statements return. */
export class RowCounter {
  /** Of one statement. */
  most = 0

  wrap(database: Database): Database {
    const count = async (answer: Promise<readonly Row[]>) => {
      const rows = await answer
      this.most = Math.max(this.most, rows.length)
      return rows
    }
    const counted = (session: Session): Session => ({
      query: (...call) => count(session.query(...call)),
    })
    return {
      query: (...call) => count(database.query(...call)),
      prepared: (...call) => count(database.prepared(...call)),
      transaction: (work) => database.transaction((session) => work(counted(session))),
      snapshot: (work) => database.snapshot((session) => work(counted(session))),
      close: () => database.close(),
    }
  }
}
