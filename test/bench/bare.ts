/**
 * The limit for a pass: a process that makes the calls of one, at the same concurrency, over connections that are kept, and does
 * nothing else. Reads them from the file named by its only argument.
 */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'

export interface BareCall {
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

const agent = new Agent({ keepAlive: true })

function call({ url, method, body }: BareCall, headers: Record<string, string>): Promise<string> {
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

const { concurrency, logins, headers, calls } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as BareWork
const tokens: Record<string, string> = {}
for (const { contentType, ...login } of logins) {
  const answer = JSON.parse(await call(login, { 'content-type': contentType })) as { access_token: string }
  tokens[login.system] = `Bearer ${answer.access_token}`
}
const queue = calls.values()
const worker = async (): Promise<void> => {
  for (const one of queue) {
    const type: Record<string, string> = one.body === null ? {} : { 'content-type': 'application/json' }
    await call(one, { ...headers[one.system], authorization: tokens[one.system] ?? '', ...type })
  }
}
await Promise.all(Array.from({ length: concurrency }, worker))
agent.destroy()
