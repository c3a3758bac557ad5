/** What tests that run with every kind of Plex need to know of their differences. */
import type { LogEntry } from '../../src/sandbox/log.js'
import type { Profile } from './program.js'

export const PROFILES = ['cloud', 'connect', 'soap'] as const satisfies readonly Profile[]

/** How a fault finds the list of suppliers: by its path, or by the key of its data source. */
export function supplierListFault(profile: Profile): { readonly system: 'plex'; path: string; match?: string } {
  return profile === 'soap'
    ? { system: 'plex', path: '^/DataSource/', match: '990001' }
    : { system: 'plex', path: '^/mdm/v1/suppliers$' }
}

export function isSupplierList(entry: LogEntry): boolean {
  return entry.path === '/mdm/v1/suppliers' || isSource(entry, '990001')
}

/** Lines of one order, or of many in one call of their data source. */
export function isLineList(entry: LogEntry): boolean {
  return entry.path.endsWith('/line-items') || isSource(entry, '990003')
}

function isSource({ system, path, body }: LogEntry, key: string): boolean {
  return system === 'plex' && path.startsWith('/DataSource/') && JSON.stringify([body]).includes(key)
}
