/** Two systems with little reference data, and what became of it. */
import { createTestDatabase } from './database.js'
import { openBench, type Bench, type Finished } from './program.js'

type Row = Record<string, unknown>
type Place = readonly [building: string | null, department: string]

export interface AlignWorld {
  /** Numbers of GL accounts, each named `Account <number>`, of the category Expense. */
  readonly accounts: readonly string[]
  /** Account codes, each described as its account is, or as `Code <code>` where there is none. */
  readonly codes: readonly string[]
  /** Places of one order each; by default one that is known on both sides. */
  readonly places?: readonly Place[]
  /** Places of the lines of the first order. */
  readonly lines?: readonly Place[]
}

export interface AlignBench extends Bench {
  codes(): Row[]
  departments(): Row[]
  plexAccounts(): Row[]
  plexWrites(): { readonly method: string; readonly path: string }[]
  addAccount(number: string): void
  editAccount(number: string, changes: Row): void
  editCode(code: string, changes: Row): void
  addOrder(fields: Row): string
  /** Requests for this path, whatever the query. */
  calls(path: string): number
  /** Rows in these tables, together. */
  rows(...tables: string[]): Promise<number>
  withOtherDatabase(use: (extra: Record<string, string>) => Promise<void>): Promise<void>
}

/** The problems of a run with the key a person knows the record by. */
export function problemsOf({
  out,
}: Finished): readonly { readonly code: string; readonly source_key: string | null }[] {
  return (JSON.parse(out) as { problems: { code: string; source_key: string | null }[] }).problems
}

export const aligned = (bench: Bench, args: string): Promise<Finished> => bench.run(`align refdata ${args}`.trim())

const idOf = (prefix: string, n: number): string => `${prefix}${String(n).padStart(4, '0')}-0000-4000-8000-000000000000`

/** Buildings, locations and departments are those of the simulators' empty seed. */
export async function openAlignBench(world: AlignWorld): Promise<AlignBench> {
  const bench = await openBench()
  // One delivery at a time, so that records are made in the order they were planned in.
  Object.assign(bench.env, { SYNC_CONCURRENCY: '1' })
  const { plex, procurify, log } = bench.sandbox
  const codes = procurify.state.data['account-codes']
  const { accounts, orders, lines } = plex.state.data
  const addAccount = (number: string): void => {
    accounts.add({
      id: idOf('ac00', accounts.size),
      accountNumber: number,
      name: `Account ${number}`,
      categoryType: 'Expense',
      active: true,
      inactiveDate: null,
    })
  }
  world.accounts.forEach(addAccount)
  for (const code of world.codes) {
    const description = world.accounts.includes(code) ? `Account ${code}` : `Code ${code}`
    codes.add({ code, description, account_type: 2, active: true, parent: null })
  }
  const addOrder = (fields: Row): string => {
    const id = idOf('0de0', orders.size)
    orders.add({ id, poNumber: `PO-${orders.size}`, lineItemCount: 1, ...fields })
    return id
  }
  const [first = ''] = (world.places ?? [['MAIN', 'Maintenance']]).map(([building, department]) =>
    addOrder({ building, department }),
  )
  world.lines?.forEach(([building, department], n) => {
    lines.add({ _poId: first, id: idOf('11e0', n), lineItemNumber: n + 1, building, department })
  })
  const rowOf = (rows: Row[], member: string, value: string): string =>
    String(rows.find((row) => row[member] === value)?.['id'])
  return {
    ...bench,
    codes: () => codes.all(),
    departments: () => procurify.state.data.departments.all(),
    plexAccounts: () => accounts.all(),
    plexWrites: () => log.effects('plex').map(({ entry: { method, path } }) => ({ method, path })),
    addAccount,
    editAccount: (number, changes) => void accounts.edit(rowOf(accounts.all(), 'accountNumber', number), changes),
    editCode: (code, changes) => void codes.edit(rowOf(codes.all(), 'code', code), changes),
    addOrder,
    calls: (path) => log.entries.filter((entry) => entry.path === path).length,
    rows: async (...tables) => {
      const counts = await Promise.all(
        tables.map((table) => bench.database.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)),
      )
      return counts.reduce((sum, { rows: [row] }) => sum + (row?.n ?? 0), 0)
    },
    withOtherDatabase: async (use) => {
      const other = await createTestDatabase()
      try {
        await use({ DATABASE_URL: other.url })
      } finally {
        await other.close()
      }
    },
  }
}
