/** The file PLEX_SOAP_MAP as it is written (contracts/plex-soap.md section 6). What it comes to is in map.ts. */
import { z } from 'zod'
import { BLOCK_NAMES, type BlockName } from './members.js'

const text = z.string({ error: 'must be text in quotes' }).trim().min(1, { error: 'must not be empty' })
const number = z.int({ error: 'must be a whole number' }).positive({ error: 'must be greater than 0' })
const zone = text.refine(isZone, { error: 'must be a zone such as America/Detroit' })
const words = z.array(text, { error: 'must be a list of texts' })

/** How cells are written; of a block, else of `defaults`, else as Plex mostly writes them. */
const format = {
  /** Of dates without a zone; where it is not given PLEX_TIMEZONE holds. */
  timeZone: zone.optional(),
  /** Order of day and month in dates such as 3/4/2026. ISO dates and `Mar 4 2026` are understood with either. */
  dateFormat: z.enum(['M/D/YYYY', 'D/M/YYYY'], { error: 'must be M/D/YYYY or D/M/YYYY' }).optional(),
  decimalFormat: z.enum(['1,234.56', '1.234,56'], { error: 'must be 1,234.56 or 1.234,56' }).optional(),
  /** Texts, in any case, that mean yes and no. */
  flags: z.strictObject({ true: words, false: words }, { error: problem }).optional(),
  inputDateFormat: text.optional(),
}

const paging = z.strictObject(
  {
    mode: z.enum(['none', 'after-key', 'offset'], { error: 'must be none, after-key or offset' }),
    /** Rows a call. */
    size: number.optional(),
    topInput: text.optional(),
    afterInput: text.optional(),
    keyColumn: text.optional(),
    startKey: z.string({ error: 'must be text in quotes' }).optional(),
  },
  { error: problem },
)

const block = z.strictObject(
  {
    ...format,
    note: z.string().optional(),
    dataSourceKey: z
      .union([number, text], { error: 'must be a whole number' })
      .transform(String)
      .refine((key) => /^\d+$/.test(key), { error: 'must be a whole number' })
      .nullish(),
    dataSourceName: text.nullish(),
    resultSet: number.optional(),
    inputs: z.record(z.string(), z.union([z.string(), z.number()]).transform(String), { error: problem }).optional(),
    /** Asked instead of `inputs` for records by their date of creation. */
    createdInputs: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).optional(),
    idsPerCall: number.optional(),
    /** As many rows as this mean that the data source cut the answer. */
    rowCap: number.optional(),
    paging: paging.optional(),
    cursorColumn: text.nullish(),
    keyColumns: z.array(text, { error: 'must be a list of column names' }).min(1, { error: 'must name a column' }),
    columns: z.record(z.string(), text, { error: problem }),
  },
  { error: problem },
)

export type WrittenBlock = z.output<typeof block>

export const WrittenMap = z.strictObject(
  {
    note: z.string().optional(),
    soapVersion: z.enum(['1.1', '1.2'], { error: 'must be "1.1" or "1.2"' }).optional(),
    legacyTls: z.boolean({ error: 'must be true or false' }).optional(),
    defaults: z.strictObject(format, { error: problem }).optional(),
    ...(Object.fromEntries(BLOCK_NAMES.map((name) => [name, block.optional()])) as Record<
      BlockName,
      z.ZodOptional<typeof block>
    >),
  },
  { error: problem },
)

export type WrittenMap = z.output<typeof WrittenMap>

/** Each mistake as one sentence that begins with where it is. */
export function mistakesOf(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${path.length === 0 ? 'the file' : path.join('.')} ${message}.`)
}

/** Only members that are not known come with `keys`. */
function problem({ keys }: { readonly code?: string | undefined; readonly keys?: readonly string[] }): string {
  if (keys !== undefined) return `has ${keys.join(', ')}, which is not known here`
  return 'must be an object { ... }'
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}
