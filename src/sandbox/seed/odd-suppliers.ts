import type { Row } from '../exchange.js'
import { ZERO_UUID } from './random.js'

/** 200 characters; the other system takes 150, and two of these are the same up to there. */
const LONG =
  'Consolidated Hollowmere Precision Stamping, Deep Drawing, Progressive Die Building and Contract Assembly Works ' +
  'of the Upper Alder Valley, formerly trading as Hollowmere Brothers and Sons Manufacturing'

/**
 * The mess of real supplier files, one trait each. `code` is stable: tests and the vendor seed refer to it. A member that
 * is undefined is absent from the record, which is not the same as null.
 */
export const ODD_SUPPLIERS: readonly Row[] = [
  { code: 'BRACKHOLM', name: 'Brackholm Precision Castings Inc', webAddress: 'www.brackholm.example' },
  { code: 'WURZ', name: 'Würzbrück Maschinenbau GmbH', language: 'German', webAddress: 'https://wuerzbrueck.example/' },
  { code: 'NARUSE', name: '株式会社 鳴瀬精工', language: 'Japanese' },
  { code: 'ANGMARK', name: 'Ångmark & Sjölund AB' },
  { code: 'YUG', name: 'Фрезмаш-Юг ООО', language: 'Russian' },
  { code: 'STAR', name: '✶ Nordstjerne Tooling 🛠' },
  { code: 'RTL', name: 'شركة النورس للتوريدات' },
  { code: 'ODERRY-QT', name: `O'Derry "Quick-Turn" Fasteners` },
  { code: 'TRISTATE', name: 'Tri-Vale\nHydraulics\r\nSupply' },
  { code: 'TABBED', name: 'Kelvane\tWire & Cable' },
  { code: 'HIS-E', name: 'Harrowden Industrial Supply', note: 'Eastern branch' },
  { code: 'HIS-W', name: 'Harrowden Industrial Supply', note: 'Western branch' },
  { code: 'HIS-X', name: 'HARROWDEN  INDUSTRIAL SUPPLY ', status: 'Inactive' },
  { code: 'TRAIL', name: 'Quillmoor Plastics  ' },
  { code: 'LEAD', name: '  Vexley Coatings' },
  { code: 'DOUBLE', name: 'Pendrake   Tool  &  Die' },
  { code: 'NBSP', name: 'Marrowby\u00a0Forge' },
  { code: 'ZEROWIDTH', name: 'Ostre\u200blund Pallets' },
  { code: 'NFC', name: 'Caf\u00e9 Norhaven Catering' },
  { code: 'NFD', name: 'Cafe\u0301 Norhaven Catering' },
  { code: 'LONG-A', name: LONG },
  { code: 'LONG-B', name: `${LONG.slice(0, 196)} (B)` },
  { code: 'LONG-150', name: LONG.slice(0, 150) },
  { code: 'NULLNAME', name: null },
  { code: 'EMPTYNAME', name: '' },
  { code: 'BLANKNAME', name: '   ' },
  { code: 'NONAME', name: undefined, webAddress: undefined, note: undefined, language: undefined },
  { code: null, name: 'Jesperon Calibration Services' },
  { code: 'lower case', name: 'Grellick Safety Products' },
  { code: 'A/B&C%20+D', name: 'Rothemar Electrical Controls' },
  { code: 'MARKUP', name: '<b>Sablewood</b> & Sons <script>' },
  { code: 'FORMULA', name: '=1+1 Trading Co.' },
  { code: 'PLUS', name: '+49 Logistik GmbH' },
  { code: 'AT', name: '@Home Shop Supplies' },
  { code: 'PARENT0', name: 'Thornquay Bearings', parentSupplierId: ZERO_UUID, modifiedById: ZERO_UUID },
  { code: 'NOMOD', name: 'Ulverfeld Heat Treating', modifiedDate: null, modifiedById: null },
  { code: 'NODATES', name: 'Varnholt Rubber & Gasket', modifiedDate: null, createdDate: null },
  { code: 'ABSENTDATES', name: 'Westerlow Lubricants', modifiedDate: undefined, modifiedById: undefined },
  { code: 'WHOLESEC', name: 'Yarrowgate Packaging', modifiedDate: '2025-03-09T07:30:00Z' },
  { code: 'THREEDIGITS', name: 'Zellmark Machining', modifiedDate: '2025-03-09T07:30:00.123Z' },
  { code: 'BACKDATED', name: 'Dunmarch Steel Service Center', modifiedDate: '2009-01-01T00:00:00Z' },
  { code: 'CARR-01', name: 'Fennimor Freight Lines', type: 'Carrier' },
  { code: 'CARR-02', name: 'Ironvale Parcel', type: 'Carrier' },
  { code: 'CARR-03', name: 'Thornquay Air Cargo', type: 'Carrier', status: 'Inactive' },
  { code: 'HOLD', name: 'Montcreval Forge', status: 'On Hold' },
  { code: 'OBSOLETE', name: 'Pellworth Fasteners', status: 'Obsolete' },
  { code: 'NOSTATUS', name: 'Lathrup & Voss Bearings', status: null, type: null, category: null },
  { code: 'BRANDMERE', name: 'BRANDMERE, LLC' },
  { code: 'WEB-NA', name: 'Ollverson Pallets', webAddress: 'N/A' },
  { code: 'WEB-SPACE', name: 'Tarnwick Wire & Cable', webAddress: ' tarnwick.example/shop ' },
  {
    code: 'NOTES',
    name: 'Korbach-Lenz Tool & Die',
    note: 'Pay by "wire".\r\nAsk for Ines;\tno fax.',
    contactNote: "Don't call",
  },
]
