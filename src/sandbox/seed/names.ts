import type { Dice } from './random.js'

/** Made-up family and place names; none is meant to be a real company. */
const STEMS: readonly [string, ...string[]] = [
  'Tarnwick',
  'Ollverson',
  'Brackholm',
  'Quillmoor',
  'Vexley',
  'Harrowden',
  'Lindqvorst',
  'Pendrake',
  'Marrowby',
  'Ostrelund',
  'Kelvane',
  'Dunmarch',
  'Fennimor',
  'Grellick',
  'Hollowmere',
  'Ironvale',
  'Jesperon',
  'Korbach-Lenz',
  'Lathrup & Voss',
  'Montcreval',
  'Norhaven',
  "O'Derry",
  'Pellworth',
  'Quansett Ridge',
  'Rothemar',
  'Sablewood',
  'Thornquay',
  'Ulverfeld',
  'Varnholt',
  'Westerlow',
  'Yarrowgate',
  'Zellmark',
]

/** What a company does; 20 of them, against 32 stems, give 640 names before one repeats. */
const TRADES: readonly [string, ...string[]] = [
  'Precision Castings',
  'Industrial Supply',
  'Fasteners',
  'Tool & Die',
  'Coatings',
  'Hydraulics',
  'Bearings',
  'Plastics',
  'Packaging',
  'Electrical Controls',
  'Calibration Services',
  'Steel Service Center',
  'Forge',
  'Heat Treating',
  'Wire & Cable',
  'Safety Products',
  'Machining',
  'Lubricants',
  'Pallets',
  'Rubber & Gasket',
]

/** Legal forms, which names may differ in and still mean one company. */
const FORMS: readonly [string, ...string[]] = ['Inc', 'Inc.', 'LLC', 'Co.', 'Corp.', 'Ltd', 'GmbH', '', '', '']

/** A company name; number `n` of them differs from all others by its stem, trade or a trailing ordinal. */
export function companyName(n: number, dice: Dice): string {
  const stem = STEMS[n % STEMS.length] ?? STEMS[0]
  const trade = TRADES[(n * 7 + Math.floor(n / STEMS.length)) % TRADES.length] ?? TRADES[0]
  const ordinal = n >= STEMS.length * TRADES.length ? ` ${Math.floor(n / (STEMS.length * TRADES.length)) + 1}` : ''
  const form = dice.pick(FORMS)
  return `${stem} ${trade}${ordinal}${form === '' ? '' : ` ${form}`}`
}

/** Made-up places with every way people write a country. */
export const CITIES: readonly [CityRow, ...CityRow[]] = [
  { city: 'Port Alder', state: 'MI', zip: '48001', country: 'USA' },
  { city: 'Millbrook Falls', state: 'OH', zip: '44102', country: 'United States' },
  { city: 'Cedar Reach', state: 'IN', zip: '46011-2290', country: 'US' },
  { city: 'Saint-Orvin', state: 'QC', zip: 'H2X 1Y4', country: 'Canada' },
  { city: 'Neuhafen', state: '', zip: '21073', country: 'Deutschland' },
  { city: 'San Teodoro', state: 'NL', zip: '66260', country: 'México' },
]

/** The place part of an address. */
export interface CityRow {
  readonly city: string
  readonly state: string
  readonly zip: string
  readonly country: string
}

/** Given names with letters beyond ASCII. */
export const FIRST_NAMES: readonly [string, ...string[]] = [
  'Mara',
  'Joel',
  'Ines',
  'Tomasz',
  'Ada',
  'Søren',
  'Leïla',
  'Ken',
]
/** Family names with an apostrophe and a tilde. */
export const LAST_NAMES: readonly [string, ...string[]] = [
  'Vance',
  "D'Amico",
  'Brandt',
  'Okoro',
  'Lindqvist',
  'Nuñez',
  'Hale',
]
