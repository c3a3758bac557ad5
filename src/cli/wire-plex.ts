/** Plex by profile: its REST API, or the data sources of older customers behind the same interface. */
import { readFile } from 'node:fs/promises'
import type { Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import type { ClientDeps } from '../http-auth.js'
import type { Http } from '../http.js'
import { makePlex, makePlexSoap } from '../plex/client.js'
import type { makeInspector } from '../plex/soap/inspect.js'
import type { SoapMap } from '../plex/soap/map.js'
import type { BlockName } from '../plex/soap/members.js'

export type { BlockName } from '../plex/soap/members.js'

export interface PlexSide {
  readonly plex: Http
  /** Null = the profile is one of the REST API. */
  readonly dataSources: DataSources | null
}

export interface DataSources {
  readonly has: (name: BlockName) => boolean
  /** Tries one of them; for `check`. */
  readonly inspect: ReturnType<typeof makeInspector>
}

/** The map of the profile `soap`; null for other profiles. Throws ConfigError with every mistake in it. */
export async function readSoapMap({ plex }: Config): Promise<SoapMap | null> {
  // config.ts sees to it that this profile has a map.
  if (plex.profile !== 'soap' || plex.soapMap === null) return null
  const { parseSoapMap } = await import('../plex/soap/map.js')
  const parsed = parseSoapMap(await readText(plex.soapMap), plex.timeZone)
  if (!('problems' in parsed)) return parsed
  throw new ConfigError(parsed.problems.map((problem) => `PLEX_SOAP_MAP: ${problem}`))
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`PLEX_SOAP_MAP cannot be read: ${reason}`)
  }
}

export async function openPlex({ plex }: Config, map: SoapMap | null, deps: ClientDeps): Promise<PlexSide> {
  if (map === null) return { plex: makePlex(plex, deps), dataSources: null }
  // An XML parser is loaded only where it is needed.
  const { makeSoapReader } = await import('../plex/soap/reader.js')
  const { makeInspector } = await import('../plex/soap/inspect.js')
  const http = makePlexSoap(plex, map.legacyTls, deps)
  return {
    plex: makeSoapReader(http, map, { pcn: plex.pcn, nowMs: () => deps.clock.wallMs() }),
    dataSources: { has: (name) => map.blocks[name] !== undefined, inspect: makeInspector(http, map, plex.pcn) },
  }
}

/** Throws ConfigError naming every data source that `what` needs and the map lacks. */
export function requireSources(dataSources: DataSources | null, what: string, ...names: BlockName[]): void {
  const missing = names.filter((name) => dataSources?.has(name) === false)
  if (missing.length === 0) return
  throw new ConfigError(`PLEX_SOAP_MAP has no block for ${missing.join(', ')}, which ${what} needs.`)
}
