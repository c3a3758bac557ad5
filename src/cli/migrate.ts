import { requirePostgres15 } from '../store/database.js'
import { migrate } from '../store/migrate.js'
import type { Context } from './program.js'
import { withState, type State } from './state.js'

/** Brings the schema up to date and says what was applied. Throws ConfigError when it is ahead or was edited. */
export function migrateState(context: Context): Promise<number> {
  const { io } = context
  const bringUpToDate = async ({ database }: State): Promise<number> => {
    await requirePostgres15(database.db)
    const { applied } = await migrate(database.db)
    for (const file of applied) io.out(`applied ${file}\n`)
    io.out(
      applied.length === 0 ? 'Nothing to apply: the database is up to date.\n' : 'The database is up to date now.\n',
    )
    return 0
  }
  return withState(context, 'migrate', bringUpToDate, 'any')
}
