/** Looks at what became of linked records in the target: people approve, deny and order there, and it takes them weeks. */
import type { Followed } from '../domain/decision.js'
import type { Result } from '../domain/failure.js'
import { endByFailure, isOver, type Pass } from './pass.js'

/** Reads the target and says what is new of which link; nothing new = an empty list. */
export type Follower = () => Promise<Result<readonly Followed[]>>

const GROUP = 200

export async function follow(pass: Pass, follower: Follower): Promise<void> {
  const { store, stream, tally, runId } = pass
  if (isOver(pass)) return
  const followed = await follower()
  if (!followed.ok) return endByFailure(pass, followed)
  for (let start = 0; start < followed.value.length; start += GROUP) {
    const group = followed.value.slice(start, start + GROUP)
    await store.follow(stream.name, runId, group)
    for (const { link, decision } of group) {
      if (decision.kind === 'observe') tally.mark(link.sourceId, 'observed')
      if (decision.kind !== 'park') continue
      tally.mark(link.sourceId, 'parked')
      tally.problem(decision.code, decision.message, link)
    }
  }
}
