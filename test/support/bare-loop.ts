/** The limit for a pass: the calls of one, made at the same concurrency over connections that are kept, and nothing else. */
import { Agent, request } from 'node:http'
import type { LogEntry, Sandbox } from '../../src/sandbox/sandbox.js'

interface BareCall {
  readonly url: string
  readonly method: string
  readonly system: 'plex' | 'procurify'
  readonly body: string | null
}

export interface BareWork {
  readonly concurrency: number
  /** Asked for first, one after the other; their tokens are used for the rest. */
  readonly logins: readonly (BareCall & { readonly contentType: string })[]
  readonly headers: Readonly<Record<BareCall['system'], Record<string, string>>>
  readonly calls: readonly BareCall[]
}

/** The calls of a pass as the simulators saw them, in order. */
export function toBareWork({ env }: Pick<Sandbox, 'env'>, entries: readonly LogEntry[], concurrency: number): BareWork {
  const baseOf = { plex: env['PLEX_BASE_URL'] ?? '', procurify: env['PROCURIFY_BASE_URL'] ?? '' }
  const toCall = ({ system, method, path, query: asked, body }: LogEntry): BareCall => {
    const search = new URLSearchParams(
      Object.entries(asked).flatMap(([name, all]) => all.map((value): [string, string] => [name, value])),
    )
    const url = `${baseOf[system]}${path}${search.size === 0 ? '' : `?${search.toString()}`}`
    return { url, method, system, body: body === undefined ? null : JSON.stringify(body) }
  }
  const secrets = (system: string) => ({
    client_id: env[`${system}_CLIENT_ID`] ?? '',
    client_secret: env[`${system}_CLIENT_SECRET`] ?? '',
    grant_type: 'client_credentials',
  })
  return {
    concurrency,
    headers: {
      plex: { 'X-Plex-Connect-Customer-Id': env['PLEX_PCN'] ?? '' },
      procurify: { 'X-Procurify-Client': 'api' },
    },
    logins: [
      {
        ...{ system: 'plex', method: 'POST', url: env['PLEX_TOKEN_URL'] ?? '' },
        contentType: 'application/x-www-form-urlencoded',
        body: new URLSearchParams(secrets('PLEX')).toString(),
      },
      {
        ...{ system: 'procurify', method: 'POST', url: `${baseOf.procurify}/oauth/token` },
        contentType: 'application/json',
        body: JSON.stringify({ ...secrets('PROCURIFY'), audience: 'https://api.procurify.com/' }),
      },
    ],
    calls: entries.filter(({ path }) => !path.startsWith('/oauth')).map(toCall),
  }
}

export async function runBare({ concurrency, logins, headers, calls }: BareWork): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  const tokens: Record<string, string> = {}
  for (const { contentType, ...login } of logins) {
    const answer = JSON.parse(await call(agent, login, { 'content-type': contentType })) as { access_token: string }
    tokens[login.system] = `Bearer ${answer.access_token}`
  }
  const queue = calls.values()
  const worker = async (): Promise<void> => {
    for (const one of queue) {
      const type: Record<string, string> = one.body === null ? {} : { 'content-type': 'application/json' }
      await call(agent, one, { ...headers[one.system], authorization: tokens[one.system] ?? '', ...type })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  agent.destroy()
}

function call(agent: Agent, { url, method, body }: BareCall, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers: { accept: 'application/json', ...headers } }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if ((answer.statusCode ?? 500) < 400) resolve(text)
        else reject(new Error(`${method} ${url} answered ${answer.statusCode}: ${text.slice(0, 200)}`))
      })
    })
    sent.on('error', reject)
    sent.end(body ?? undefined)
  })
}
