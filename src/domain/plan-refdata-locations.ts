/** Buildings of Plex and locations of Procurify: paired, never written. Pure. */
import {
  activityCode,
  changesOf,
  isTrouble,
  observe,
  remember,
  ruleTrouble,
  skip,
  toAligned,
  type Ruling,
  type Words,
} from './plan-refdata-item.js'
import { baseOf, type Aligned, type Book, type Building, type Location } from './refdata.js'
import type { RefdataMap } from './refdata-map.js'
import { pairUp, type Match } from './refdata-pairs.js'
import { cleanLine, fold } from './text.js'

const WORDS: Words<Building, Location> = {
  stream: 'locations',
  showPlex: ({ id, code, name, active }) => ({
    id,
    key: cleanLine(code ?? name ?? id),
    name: cleanOrNull(name),
    active,
  }),
  showProcurify: ({ id, name, active }) => ({ id, key: cleanLine(name), name: cleanLine(name), active }),
}

/** Pairs by code or name of the building, or as REFDATA_MAP says by either. */
export function matchLocations(
  buildings: readonly Building[],
  locations: readonly Location[],
  { links }: Book,
  map: RefdataMap['locations'],
): Match<Building, Location>[] {
  return pairUp(buildings, locations, links, {
    keysInPlex: ({ code, name }) => [code, name].flatMap((text) => (text === null ? [] : [fold(text)])),
    keyInProcurify: ({ name }) => fold(name),
    wantedKey: ({ code, name }) => {
      const mapped = map.get(fold(code ?? '')) ?? map.get(fold(name ?? ''))
      return mapped === undefined ? null : fold(mapped.target)
    },
  })
}

/** Neither side can be written: locations have no update and need a superuser to be made, buildings are read-only. */
export function planLocations(
  matches: readonly Match<Building, Location>[],
  book: Book,
  map: RefdataMap['locations'],
): Aligned[] {
  return matches.map((match) => {
    if (isTrouble(match)) return ruleTrouble(match, WORDS, book)
    const plex = 'plex' in match ? WORDS.showPlex(match.plex) : null
    const procurify = 'procurify' in match ? WORDS.showProcurify(match.procurify) : null
    const pair = { stream: 'locations' as const, sourceId: plex?.id ?? null, plex, procurify }
    return toAligned(pair, rule(match, book, map), book)
  })
}

type Untroubled = Extract<Match<Building, Location>, { kind: 'paired' | 'only_in_plex' | 'only_in_procurify' }>

function rule(match: Untroubled, { links }: Book, map: RefdataMap['locations']): Ruling {
  if (match.kind === 'paired') {
    const { plex, procurify, how } = match
    const link = how === 'linked' ? links.get(plex.id) : undefined
    const shown = WORDS.showProcurify(procurify)
    const draft = {
      plex: { code: cleanOrNull(plex.code), name: cleanOrNull(plex.name) },
      procurify: { name: shown.key },
    }
    const wasCalled = link === undefined ? undefined : baseOf(link.sent, 'procurify')?.['name']
    const isRenamed = wasCalled !== undefined && wasCalled !== shown.key
    const code = isRenamed ? 'renamed_in_procurify' : activityCode(plex, procurify)
    const message = isRenamed
      ? `The location is called ${shown.key} now.`
      : code === null
        ? null
        : `Only one of the two is active.`
    const changes = changesOf(link, draft)
    const isKnown = link !== undefined && link.sent !== null && changes.length === 0
    const said = link !== undefined ? message : `paired by ${how === 'wanted' ? 'REFDATA_MAP' : 'name'}`
    return {
      state: 'paired',
      code,
      message,
      decision: isKnown ? observe(code, message ?? '') : remember(shown, draft, changes, said),
    }
  }
  if (match.kind === 'only_in_plex') {
    const { code, name, active } = match.plex
    if (!active) return skip('only_in_plex', 'inactive_unpaired', 'The building is inactive and has no location.')
    const mapped = map.get(fold(code ?? '')) ?? map.get(fold(name ?? ''))
    if (mapped !== undefined) {
      return skip(
        'only_in_plex',
        'mapped_name_unknown',
        `REFDATA_MAP pairs it with ${JSON.stringify(mapped.target)}, which Procurify does not have.`,
      )
    }
    const wanted = cleanLine(name ?? code ?? '')
    return skip(
      'only_in_plex',
      'missing_in_procurify',
      `Create the location ${JSON.stringify(wanted)} in Procurify by hand; no program may.`,
    )
  }
  const isActive = match.procurify.active
  const message = isActive
    ? 'Plex has no building of this code or name.'
    : 'The location is inactive and no building goes by its name.'
  return {
    state: 'only_in_procurify',
    code: isActive ? 'missing_in_plex' : 'inactive_unpaired',
    message,
    decision: null,
  }
}

function cleanOrNull(text: string | null): string | null {
  return text === null ? null : cleanLine(text)
}
