/** What `check` looks at before the first order is sent: settings, the names orders need in Procurify, vendors that e-mail POs. */
import type { Config } from '../config.js'
import { adviceFor } from '../domain/problems.js'
import { fold } from '../domain/text.js'
import type { Step, Verdict } from '../passes/check.js'
import type { Result } from '../domain/failure.js'
import { failed } from './check-systems.js'
import type { World } from './wire.js'
import { readOrderNames, type OrderNames } from './wire-orders.js'

/** The names are read once; a list that cannot be read was named by a step of its own before. */
export function orderSteps(get: () => World): Step[] {
  let reading: Promise<Result<OrderNames>> | null = null
  const names = (): Promise<Result<OrderNames>> => (reading ??= readOrderNames(get()))
  const judge = async (how: (config: Config, names: OrderNames) => Verdict): Promise<Verdict> => {
    const read = await names()
    const { config } = get()
    if (read.ok) return how(config, read.value)
    const verdict = failed(read)
    return config.po.startDate === null ? { ...verdict, status: 'warn' as const } : verdict
  }
  const lists = ['procurify_locations', 'procurify_departments', 'procurify_accounts', 'procurify_currencies']
  const needs = ['procurify_vendors', ...lists]
  return [
    { name: 'order_settings', needs: ['connection'], run: () => Promise.resolve(checkSettings(get().config)) },
    { name: 'custom_field', needs, run: () => judge(checkCustomField) },
    { name: 'order_defaults', needs, run: () => judge(checkDefaults) },
    { name: 'vendors_emailing_pos', needs, run: () => judge(checkEmailing) },
    { name: 'automatic_pos', needs: ['connection'], run: () => Promise.resolve(AUTOMATIC_POS) },
  ]
}

function checkSettings({ po, plex }: Config): Verdict {
  if (plex.timeZone === null) {
    const message = 'PLEX_TIMEZONE is not set: it says which day a date of Plex is'
    const advice = 'Set PLEX_TIMEZONE to the zone of the plant, such as America/Detroit.'
    if (po.startDate !== null) return { status: 'fail', message, advice, exit: 2 }
    return { status: 'warn', message: `${message} (needed for orders and invoices)`, advice }
  }
  if (po.startDate !== null)
    return { status: 'ok', message: `orders created from ${po.startDate} on are sent; ${plex.timeZone}` }
  return { status: 'skipped', message: 'PO_START_DATE is not set: sync pos plans (--dry-run) and sends nothing' }
}

/** Fields are made by an administrator only: the API has no call for it (contracts/procurify.md section 9). */
function checkCustomField({ po }: Config, { customFieldExists }: OrderNames): Verdict {
  const { customField } = po
  if (customField === null) return { status: 'skipped', message: 'PO_CUSTOM_FIELD is not set' }
  if (customFieldExists) return { status: 'ok', message: `${customField} is there for order items` }
  const message = `Procurify has no active field for order items called ${customField}`
  return weigh(po.startDate !== null, message, adviceFor('custom_field_missing'))
}

function checkDefaults({ defaults, po }: Config, { departments, locations }: OrderNames): Verdict {
  const missing = [
    { setting: 'DEFAULT_DEPARTMENT', name: defaults.department, known: departments },
    { setting: 'DEFAULT_LOCATION', name: defaults.location, known: locations },
  ].flatMap(({ setting, name, known }) => {
    const isThere = name === null || known.some((one) => fold(one) === fold(name))
    return isThere ? [] : [`${setting} is ${name}, which Procurify does not have`]
  })
  if (missing.length > 0)
    return weigh(po.startDate !== null, missing.join('\n'), 'Correct the setting, or add it in Procurify.')
  const given = [defaults.department, defaults.location].flatMap((name) => name ?? [])
  if (given.length === 0)
    return { status: 'skipped', message: 'neither is set: orders without department or building are parked' }
  return { status: 'ok', message: `${given.join(', ')}: there in Procurify` }
}

const SHOWN = 5

/** The supplier has the order from Plex: a PO by e-mail on top of it would be delivered too. */
function checkEmailing({ po }: Config, { vendors }: OrderNames): Verdict {
  const emailing = vendors.filter(({ active, autoEmail }) => active && autoEmail).map(({ name }) => name)
  if (emailing.length === 0) return { status: 'ok', message: 'no vendor gets POs by e-mail from Procurify' }
  const more = emailing.length > SHOWN ? ` and ${emailing.length - SHOWN} more` : ''
  const message = `${emailing.length} get POs by e-mail from Procurify: ${emailing.slice(0, SHOWN).join(', ')}${more}`
  if (po.allowAutoEmail) return { status: 'ok', message: `${message}; PO_ALLOW_AUTO_EMAIL allows it` }
  if (po.startDate === null)
    return { status: 'skipped', message: `${message}. Turn that off before orders are sent, or theirs will be parked` }
  return { status: 'warn', message, advice: adviceFor('vendor_auto_email') }
}

const AUTOMATIC_POS: Verdict = {
  status: 'skipped',
  message:
    'the API does not show whether Procurify makes POs automatically. If it does, the last approval orders at once: look at it in Settings before the first order is sent',
}

/** Before orders are sent it is a warning, afterwards it keeps them waiting. */
function weigh(isSending: boolean, message: string, advice: string): Verdict {
  return isSending ? { status: 'fail', message, advice, exit: 2 } : { status: 'warn', message, advice }
}
