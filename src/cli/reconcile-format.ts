/** How the parts of a report are written, wherever they are shown. */
import type { Finding, StreamFigures } from '../domain/reconcile.js'
import { cleanLine } from '../domain/text.js'

/** Two digits at least; more where there are more: nothing is rounded. */
export function money(value: string): string {
  const [whole = '0', fraction = ''] = value.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return `${grouped}.${fraction.padEnd(2, '0')}`
}

/** What a person calls the record: its key on the side that has it, and whose it is. */
export function nameOf({ source_key, source_id, target_key, target_id, supplier }: Finding): string {
  const name = source_key ?? source_id ?? target_key ?? target_id ?? ''
  return supplier === null || supplier === name ? name : `${name} (${supplier})`
}

export function tellDays(days: StreamFigures['days']): string {
  if (days === null) return ''
  const { since, until } = days
  return `${since === null ? 'All days' : `From ${since}`}${until === null ? '' : ` to ${until}`}. `
}

/** Foreign text as text: nothing in it is markup, and nothing in it turns the direction of what follows. */
export function escapeHtml(text: string): string {
  return cleanLine(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
