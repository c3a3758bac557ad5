/** Is Procurify still answering as the user who sent this connection's requisitions? Another one would not find them again. */
import type { Verdict } from '../passes/check.js'
import { acceptRequester, claimRequester } from '../store/connection.js'
import { authorOf } from './author.js'
import { membersOf, type FirstCall } from './check-systems.js'
import type { Context } from './program.js'
import type { World } from './wire.js'

export async function checkKept(
  context: Context,
  world: World,
  { result }: FirstCall,
  accept: boolean,
): Promise<Verdict> {
  const user = result.ok ? membersOf(membersOf(result.value.value)['data'] ?? null) : {}
  const id = typeof user['id'] === 'string' ? user['id'] : ''
  const { db } = world.database
  const { connection } = world.config
  const known = await claimRequester(db, connection, id, false)
  if (known === id)
    return { status: 'ok', message: `user ${id}; no other one has sent requisitions for this connection` }
  if (!accept) {
    const message = `requisitions of this connection were sent by user ${known}, and Procurify answers as user ${id} now`
    const advice = `Use the credentials of user ${known} again, or: ml-connector check --accept-requester`
    return { status: 'fail', message, advice, exit: 5 }
  }
  await acceptRequester(db, authorOf(context, world.config), known, id)
  return { status: 'ok', message: `user ${id} is accepted from now on` }
}
