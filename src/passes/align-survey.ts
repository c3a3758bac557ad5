/** Reads the lists of both sides. A list that cannot be read ends the run: half a picture is worse than none. */
import type { Result } from '../domain/failure.js'
import type { AlignStream, RefdataSurvey } from '../domain/refdata.js'
import type { Listed, Outlet, RefdataSources } from '../ports.js'
import { endByFailure, type Pass } from './pass.js'

export const NOTHING_READ: RefdataSurvey = {
  ...{ buildings: [], locations: [], places: [], departments: [], accounts: [], codes: [] },
}

/**
 * The lists of these streams as they are now, the others as they were. One after the other, so that a refused login is not tried
 * again for each. Null = one could not be read; said in the tally of its stream.
 */
export async function readSurvey(
  sources: RefdataSources,
  streams: readonly AlignStream[],
  before: RefdataSurvey,
  passOf: (stream: AlignStream) => Pick<Pass<Outlet>, 'tally'>,
): Promise<RefdataSurvey | null> {
  let survey = before
  for (const stream of streams) {
    const lists = await readLists(sources, stream, passOf(stream))
    if (lists === null) return null
    survey = { ...survey, ...lists }
  }
  return survey
}

async function readLists(
  { plex, procurify }: RefdataSources,
  stream: AlignStream,
  pass: Pick<Pass<Outlet>, 'tally'>,
): Promise<Partial<RefdataSurvey> | null> {
  switch (stream) {
    case 'locations': {
      const buildings = await rowsOf(pass, plex.buildings())
      const locations = buildings === null ? null : await rowsOf(pass, procurify.locations())
      return buildings === null || locations === null ? null : { buildings, locations }
    }
    case 'departments': {
      const departments = await rowsOf(pass, procurify.departments())
      return departments === null ? null : { departments }
    }
    case 'accounts': {
      const accounts = await rowsOf(pass, plex.accounts())
      const codes = accounts === null ? null : await rowsOf(pass, procurify.accountCodes())
      return accounts === null || codes === null ? null : { accounts, codes }
    }
  }
}

async function rowsOf<T>(
  pass: Pick<Pass<Outlet>, 'tally'>,
  reading: Promise<Result<Listed<T>>>,
): Promise<readonly T[] | null> {
  const listed = await reading
  if (!listed.ok) {
    endByFailure(pass, listed)
    return null
  }
  listed.value.unreadable.forEach((message) => pass.tally.problem('record_unreadable', message))
  return listed.value.rows
}
