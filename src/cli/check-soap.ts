/** What `check` asks of Plex where it answers from data sources: each of them once, with few rows. */
import type { Failure, Result } from '../domain/failure.js'
import { adviceFor } from '../domain/problems.js'
import type { Step, Verdict } from '../passes/check.js'
import type { World } from './wire.js'
import type { BlockName, DataSources } from './wire-plex.js'

type Inspected = Awaited<ReturnType<DataSources['inspect']>>

/** One step for the login, then one for each data source. `get` gives the world once it is open. */
export function soapSteps(names: readonly BlockName[], get: () => World): Step[] {
  const seen = new Map<BlockName, Promise<Inspected>>()
  const inspect = (name: BlockName): Promise<Inspected> => {
    const { dataSources, clock } = get()
    const asked = seen.get(name) ?? Promise.resolve(dataSources?.inspect(name, clock.wallMs()) ?? null)
    seen.set(name, asked)
    return asked
  }
  const [first] = names
  return [
    {
      name: 'plex_login',
      needs: ['connection'],
      run: async () => judgeLogin(get(), first === undefined ? null : await inspect(first)),
    },
    ...names.map((name) => ({
      name: `plex_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      needs: ['plex_login'],
      run: async () => judgeSource(await inspect(name)),
    })),
  ]
}

/** An answer that says no to a data source has let the login in. */
function judgeLogin({ config }: World, inspected: Inspected): Verdict {
  const { host } = new URL(config.plex.baseUrl)
  const isIn = inspected === null || inspected.ok || inspected.status === 200 || inspected.status === null
  if (isIn && !isCallTrouble(inspected)) return { status: 'ok', message: `${host} accepts the web-service login` }
  return failed(inspected as Failure)
}

function isCallTrouble(inspected: Result<unknown> | null): boolean {
  return inspected?.ok === false && ['transient', 'stop'].includes(inspected.kind)
}

function judgeSource(inspected: Inspected): Verdict {
  if (inspected === null) return { status: 'skipped', message: 'not in PLEX_SOAP_MAP' }
  if (!inspected.ok) return failed(inspected)
  const { rows, of, unreadable } = inspected.value
  if (unreadable.length > 0) {
    const advice = 'Correct the format of dates, decimals or flags of this block in PLEX_SOAP_MAP.'
    return { status: 'fail', message: unreadable.join('; '), advice, exit: 2 }
  }
  if (rows > 0) return { status: 'ok', message: `${rows} rows of ${of}, with every column of the map` }
  const message = `It runs, but gave no row of ${of}: that may be true, a missing right looks the same, and its columns are not proved`
  return {
    status: 'warn',
    message,
    advice: 'Run it in Plex with the same inputs and compare the columns with PLEX_SOAP_MAP.',
  }
}

/** Columns that are not there are a matter of the map (2); refused logins and rights are 5, all else may be better later. */
function failed(failure: Failure): Verdict {
  const exit = failure.code === 'data_source_columns' ? 2 : failure.kind === 'auth' ? 5 : 4
  return { status: 'fail', message: failure.message, advice: adviceFor(failure.code), exit }
}
