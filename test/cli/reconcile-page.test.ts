/** The page itself: its figures as text, and, where there is a browser, how it behaves in one. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { toHtml } from '../../src/cli/reconcile-html.js'
import { drawMonths } from '../../src/cli/reconcile-chart.js'
import { Amounts, type AmountEntry } from '../../src/domain/reconcile-amounts.js'
import { KINDS, makeFinding, PLACES, type Report } from '../../src/domain/reconcile.js'

const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
)

const HOSTILE = '"><img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
const zeros = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0])) as never

function aReport(): Report {
  const amounts = new Amounts(true)
  const entry = (fields: Partial<AmountEntry>): AmountEntry => ({
    ...{
      stream: 'invoices',
      month: '2026-10',
      currency: 'USD',
      supplierId: 's1',
      supplier: HOSTILE,
      plex: '1234567.891',
    },
    ...{ procurify: '1234500', reason: 'amount_differs', isBooked: true, isDraft: false },
    ...fields,
  })
  amounts.add(entry({}))
  amounts.add(entry({ month: '2026-08', plex: '-500', procurify: null, reason: 'missing' }))
  amounts.add(entry({ currency: 'EUR', plex: '10', procurify: '10', reason: 'within_tolerance' }))
  const findings = Array.from({ length: 40 }, (_, n) =>
    makeFinding({
      ...{ stream: n % 2 === 0 ? 'invoices' : 'suppliers', kind: n % 4 === 0 ? 'missing' : 'drifted', code: 'drift' },
      ...{ source_key: n === 7 ? HOSTILE : `KEY-${n}`, supplier: HOSTILE, message: `${HOSTILE} ${n}` },
      ...{ field: 'name', plex: HOSTILE, procurify: 'x'.repeat(300), month: '2026-10', age_days: n },
    }),
  )
  return {
    ...{ schema: 'ml-connector/reconcile@1', report_id: '1f0c0000-0000-4000-8000-000000000000', connection: 'default' },
    ...{ pcn: '100001', complete: true, outcome: 'partial', exit_code: 3, taken_at: '2026-11-02T06:00:00.000000Z' },
    ...{ finished_at: '2026-11-02T06:00:04.000Z', calls: { plex: 6, procurify: 20 }, problems: [], findings },
    range: { since: '2026-10-01', until: '2026-10-31', month: '2026-10', zone: 'America/Detroit' },
    streams: [
      {
        ...{ stream: 'invoices', plex: 40, procurify: 39, unmanaged: 0, days: null, basis: HOSTILE },
        ...{ places: zeros(PLACES), findings: zeros(KINDS) },
      },
    ],
    ...{ amounts: amounts.byMonth(), by_supplier: amounts.bySupplierAndMonth() },
  }
}

describe('the page', () => {
  it('holds foreign text as text only', () => {
    const html = toHtml(aReport())
    expect(html).not.toContain('<img')
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(html).toContain('1,234,567.891')
  })

  it('draws months without records as gaps, and credits below the line', () => {
    const drawn = drawMonths(aReport().amounts.filter(({ currency }) => currency === 'USD'))
    expect(drawn.match(/<rect/g)).toHaveLength(6)
    expect(drawn).toContain('2026-09')
    expect(drawn).not.toMatch(/NaN|Infinity|="-/)
  })
})

const where = CHROMIUM === undefined ? 'in a browser (skipped: there is no Chromium on this machine)' : 'in a browser'
describe.skipIf(CHROMIUM === undefined)(where, () => {
  let browser: Browser
  let home: string
  let file: string
  const asked: string[] = []

  beforeAll(async () => {
    const { chromium } = await import('playwright-core')
    home = await mkdtemp(join(tmpdir(), 'reconcile-page-'))
    file = join(home, 'report.html')
    await writeFile(file, toHtml(aReport()))
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser.close()
    await rm(home, { recursive: true, force: true })
  })

  async function open(width: number, javaScriptEnabled = true): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled })
    const page = await context.newPage()
    page.on('request', (request) => void asked.push(request.url()))
    await page.goto(`file://${file}`)
    return page
  }
  const rows = (page: Page): Promise<number> => page.locator('#findings tbody tr:visible').count()

  it('runs nothing of the names in it, loads nothing, and filters its rows', async () => {
    const page = await open(1280)
    expect(await page.title()).toBe('Reconciliation, October 2026')
    expect(await rows(page)).toBe(40)
    const form = page.locator('form[data-table=findings]')
    await form.locator('input').fill('key-12')
    expect(await rows(page)).toBe(1)
    await form.locator('input').fill('')
    await form.locator('select[name=stream]').selectOption('suppliers')
    expect(await rows(page)).toBe(20)
    await form.locator('select[name=kind]').selectOption('missing')
    expect(await rows(page)).toBe(0)
    expect(await form.locator('output').textContent()).toBe('0 of 40 rows')
    await page.emulateMedia({ media: 'print' })
    // What is filtered away on the screen is still in print.
    expect(await rows(page)).toBe(40)
    expect(asked).toEqual([`file://${file}`])
  })

  it('fits a phone', async () => {
    const page = await open(390)
    const excess = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(excess)).toBe(0)
  })

  it('is readable without scripts: all rows, and no filter that would do nothing', async () => {
    const page = await open(1280, false)
    expect(await rows(page)).toBe(40)
    expect(await page.locator('form.filter:visible').count()).toBe(0)
  })
})
