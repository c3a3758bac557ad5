import type { Config } from '../config.js'
import { requirePostgres15, type Database } from '../store/database.js'
import { appendAudit } from '../store/journal.js'
import { migrate } from '../store/migrate.js'
import { grantRole, renewRoles } from '../store/roles.js'
import { BLANK_EVENT } from '../domain/audit.js'
import { authorOf } from './author.js'
import type { MigrateFlags } from './commands/migrate.js'
import type { Context } from './program.js'
import { withState } from './state.js'
import { columnsOf, wrap } from './table.js'

/**
 * Brings the schema up to date and says what was applied; makes the role of `--roles` and renews the rights of those made
 * before. Each is a row of the journal. Throws ConfigError when the schema is ahead or was edited, or a role cannot be made.
 */
export function migrateState(context: Context, { roles }: MigrateFlags): Promise<number> {
  const { io } = context
  return withState(
    context,
    'migrate',
    async ({ config, database }) => {
      const { db } = database
      await requirePostgres15(db)
      const { applied } = await migrate(db)
      for (const file of applied) io.out(`applied ${file}\n`)
      if (applied.length > 0) {
        const renewed = await renewRoles(db)
        const also = renewed.length === 0 ? '' : `; rights of ${renewed.join(', ')} renewed`
        await record(context, config, database, `schema brought up to date: ${applied.join(', ')}${also}`)
      }
      const isNew = applied.length > 0
      io.out(isNew ? 'The database is up to date now.\n' : 'Nothing to apply: the database is up to date.\n')
      if (roles !== undefined) await makeRole(context, config, database, roles === true ? RUNTIME_ROLE : roles)
      return 0
    },
    'any',
  )
}

const RUNTIME_ROLE = 'ml_connector_runtime'

/** The program never sees a password: the login that runs use is made by an administrator. */
async function makeRole(context: Context, config: Config, database: Database, role: string): Promise<void> {
  const { io } = context
  const { isNew } = await database.db.transaction().execute(async (trx) => {
    const made = await grantRole(trx, role)
    const message = `the role ${role} was ${made.isNew ? 'made and ' : ''}granted what a run needs: it may only add to the journal`
    await appendAudit(trx, authorOf(context, config), null, [{ ...BLANK_EVENT, ...ADMIN, message }])
    return made
  })
  const what = `The role ${role} ${isNew ? 'is made: it' : 'has the rights of a run: it'} may add to the journal and read it, not change it.`
  const lines = [
    ...wrap(what, columnsOf(io)),
    'Next, as an administrator of the database server, with a password of your own:',
    `  create role ml_connector login password '...' in role ${role};`,
    'Let DATABASE_URL name that login for all but `migrate` and `audit prune`.',
  ]
  io.out(`${lines.join('\n')}\n`)
}

const ADMIN = { stream: 'admin', action: 'admin', outcome: 'done' } as const

function record(context: Context, config: Config, { db }: Database, message: string): Promise<void> {
  const event = { ...BLANK_EVENT, ...ADMIN, message }
  return db.transaction().execute((trx) => appendAudit(trx, authorOf(context, config), null, [event]))
}
