/** Reference data as `align refdata` sees them, without reading orders for new names of departments. */
import { findSuspicions, planRefdata } from '../domain/plan-refdata.js'
import { StreamCount } from '../domain/reconcile.js'
import { judgePair } from '../domain/reconcile-refdata.js'
import { ALIGN_STREAMS, writesToPlex } from '../domain/refdata.js'
import { readBooks } from './align-look.js'
import { NOTHING_READ, readSurvey } from './align-survey.js'
import { begin, readOpen, refuse, type Comparison, type ReconcilePass } from './reconcile.js'

const BASIS = {
  locations: 'Buildings of Plex and locations of Procurify as they are now.',
  departments:
    'Names of departments that runs have met on orders so far, and departments of Procurify as they are now.',
  accounts: 'The chart of accounts of Plex and the account codes of Procurify as they are now.',
}

export async function compareRefdata(pass: ReconcilePass, { counts }: Comparison): Promise<boolean> {
  const step = begin(pass, 'locations')
  if (step === null) return false
  const survey = await readSurvey(pass.refdata, ALIGN_STREAMS, NOTHING_READ, (stream) => ({
    tally: pass.tallyOf(stream),
  }))
  if (survey === null) return false
  const books = await readBooks(pass)
  for (const { stream, code, message } of findSuspicions(survey, books)) {
    // Where nothing was ever paired, an empty list is a beginning.
    const isKnown = [...books[stream].links.values()].some(({ targetId }) => targetId !== null)
    if (isKnown)
      return refuse({ tally: pass.tallyOf(stream) }, code === 'empty_answer' ? code : 'answer_short', message)
  }
  const { aligned } = planRefdata(survey, books, pass.options.align)
  const toPlex = writesToPlex(pass.options.align.direction)
  const shown = { locations: survey.locations, departments: survey.departments, accounts: survey.codes }
  for (const stream of ALIGN_STREAMS) {
    const count = new StreamCount(stream, BASIS[stream], null)
    counts.push(count)
    const open = await readOpen(pass, count)
    count.procurify = shown[stream].length
    for (const { pair } of aligned[stream]) {
      const { judged, finding } = judgePair(pair, toPlex)
      const isOpen = open.has(pair.plex?.id ?? '')
      if (judged !== null) count.add(isOpen ? { ...judged, findings: [] } : judged)
      if (finding !== null && !isOpen) count.tell([finding])
      if (pair.state === 'only_in_procurify' && finding === null) count.unmanaged += 1
    }
  }
  return true
}
