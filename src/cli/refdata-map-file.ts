/** The file that REFDATA_MAP names: pairs that a person decided, for the alignment and for the orders that go by it. */
import { readFileSync } from 'node:fs'
import type { Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import { EMPTY_MAP, parseRefdataMap, type RefdataMap } from '../domain/refdata-map.js'

/** No file = no pairs. Throws ConfigError with every mistake in it. */
export function readRefdataMap({ refdata }: Pick<Config, 'refdata'>): RefdataMap {
  if (refdata.map === null) return EMPTY_MAP
  const parsed = parseRefdataMap(readText(refdata.map))
  if (!('problems' in parsed)) return parsed
  throw new ConfigError(parsed.problems.map((problem) => `REFDATA_MAP: ${problem}`))
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`REFDATA_MAP cannot be read: ${reason}`)
  }
}
