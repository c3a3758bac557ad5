/** May the user of DATABASE_URL do what a run does, and no more than that? */
import type { Verdict } from '../passes/check.js'
import type { ServerFacts } from '../store/overview.js'

export function checkRights({ isReadOnly, missingRights, mayRewriteJournal }: ServerFacts): Verdict {
  if (isReadOnly) {
    const message = 'The database only reads: this is a standby, or the session is set to read only'
    const advice = 'Let DATABASE_URL name the primary (target_session_attrs=read-write helps).'
    return { status: 'fail', message, advice, exit: 4 }
  }
  if (missingRights.length > 0) {
    const message = `The user lacks: ${missingRights.join(', ')}`
    const advice = 'Grant them to the user of DATABASE_URL, with `ml-connector migrate --roles` or by hand.'
    return { status: 'fail', message, advice, exit: 2 }
  }
  // Not worth a warning: many small sites run with the owner of the database, and printed heads prove the journal there too.
  const more = '; it may also change the journal, unlike a role made by `ml-connector migrate --roles`'
  return {
    status: 'ok',
    message: `may read and write the tables${mayRewriteJournal ? more : ', and only add to the journal'}`,
  }
}
