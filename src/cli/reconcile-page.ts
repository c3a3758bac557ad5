/** What a report's page looks like and does. Neither may load anything: the page is one file that is forwarded. */

/** Without it all rows are simply there: it only hides what was not asked for. */
export const SCRIPT = `
'use strict'
for (const form of document.querySelectorAll('form.filter')) {
  const rows = [...document.querySelectorAll('#' + form.dataset.table + ' tbody tr')]
  const shown = form.querySelector('output')
  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\\s+/).filter((word) => word !== '')
    let count = 0
    for (const row of rows) {
      const text = row.textContent.toLowerCase()
      const fits =
        words.every((word) => text.includes(word)) &&
        [...form.querySelectorAll('select')].every((one) => one.value === '' || row.dataset[one.name] === one.value)
      row.hidden = !fits
      if (fits) count += 1
    }
    shown.textContent = count === rows.length ? count + ' rows' : count + ' of ' + rows.length + ' rows'
  }
  form.hidden = false
  form.addEventListener('input', apply)
  form.addEventListener('submit', (event) => event.preventDefault())
  apply()
}
`

export const STYLE = `
:root { color-scheme: light; --ink: #1d2733; --soft: #5b6775; --line: #d8dee6; --paper: #fff; --wash: #f4f6f9;
  --plex: #1f5fa8; --procurify: #e08a1e; --good: #1b7a4b; --bad: #b3261e; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto,
  'Helvetica Neue', Arial, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 36px 0 10px; }
p { margin: 0 0 10px; max-width: 80ch; }
.soft { color: var(--soft); }
.verdict { margin: 16px 0 20px; padding: 12px 16px; border-left: 5px solid var(--bad); background: var(--paper);
  font-size: 17px; font-weight: 600; max-width: none; }
.verdict.good { border-color: var(--good); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 0; padding: 0;
  list-style: none; }
.cards li { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; }
.cards b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.cards .none b { color: var(--soft); font-weight: 400; }
.cards .some b { color: var(--bad); }
.cards small { color: var(--soft); font-size: 13px; }
/* A lone drawing has the whole width, but not the whole screen. */
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 12px; }
figure { margin: 0; padding: 14px 16px; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; }
figcaption { font-weight: 600; margin-bottom: 6px; }
figcaption span { font-weight: 400; color: var(--soft); margin-left: 12px; white-space: nowrap; }
figcaption i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 5px; }
svg { display: block; width: 100%; height: auto; max-height: 300px; }
i.plex { background: var(--plex); } i.procurify { background: var(--procurify); }
rect.plex { fill: var(--plex); } rect.procurify { fill: var(--procurify); }
svg text { font-size: 13px; fill: var(--soft); } svg line { stroke: var(--line); } svg line.zero { stroke: var(--soft); }
.sheet { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 7px 10px; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
th { background: var(--wash); font-weight: 600; white-space: nowrap; }
td { overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
td small { display: inline-block; } td.n small { display: block; }
small { color: var(--soft); font-size: 12.5px; }
td.k { white-space: nowrap; }
td.off { color: var(--bad); font-weight: 600; }
td .what { min-width: 26ch; }
td code, small code { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.tag { display: inline-block; padding: 1px 8px; border-radius: 10px; background: var(--wash); border: 1px solid var(--line);
  font-size: 12.5px; white-space: nowrap; }
form.filter { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 0 0 10px; }
form.filter[hidden] { display: none; }
input, select { font: inherit; padding: 6px 9px; border: 1px solid #b6c0cc; border-radius: 5px; background: var(--paper);
  color: inherit; }
input { flex: 1 1 220px; }
output { color: var(--soft); }
dl { margin: 0; } dt { font-weight: 600; margin-top: 10px; } dd { margin: 0; max-width: 90ch; color: var(--soft); }
footer { margin-top: 36px; color: var(--soft); font-size: 13px; }
@media (max-width: 720px) {
  main { padding: 16px 12px 32px; }
  h1 { font-size: 22px; }
  .cards { grid-template-columns: repeat(2, 1fr); }
  .sheet { background: none; border: 0; overflow: visible; }
  table, tbody, tr, td { display: block; width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; margin-bottom: 10px; padding: 4px 0; }
  tr[hidden] { display: none; }
  td, td.n { display: grid; grid-template-columns: 104px 1fr; gap: 8px; text-align: left; border: 0; padding: 4px 12px;
    white-space: normal; overflow-wrap: anywhere; }
  td > div { min-width: 0; }
  td::before { content: attr(data-label); color: var(--soft); font-size: 13px; }
  td:empty { display: none; }
  td .what { min-width: 0; }
  .charts { grid-template-columns: 1fr; }
  figure { padding: 10px; }
  svg text { font-size: 21px; } svg text.less { display: none; }
}
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  body { background: none; font-size: 10pt; }
  main { max-width: none; padding: 0; }
  form.filter { display: none; }
  h2 { break-after: avoid; margin-top: 18pt; }
  .charts { grid-template-columns: 1fr 1fr; }
  figure, .cards li, tr, .verdict { break-inside: avoid; }
  .sheet { overflow: visible; border: 0; }
  table { font-size: 8.5pt; } th, td { padding: 3pt 5pt; } thead { display: table-header-group; }
  tr[hidden] { display: table-row; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
