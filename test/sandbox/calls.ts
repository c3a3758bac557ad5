import type { Sandbox } from '../../src/sandbox/sandbox.js'

export type Json = Record<string, unknown>

export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** Headers of a well-behaved Plex client. */
export function plexHeaders(sandbox: Sandbox): Record<string, string> {
  const { apiKey, pcn } = sandbox.plex.state.login
  return { 'X-Plex-Connect-Api-Key': apiKey, 'X-Plex-Connect-Customer-Id': pcn }
}

/** Headers of a well-behaved Procurify client, with a token that needs no call. */
export function procurifyHeaders(sandbox: Sandbox): Record<string, string> {
  return { Authorization: `Bearer ${sandbox.procurify.state.tokens.issue()}`, 'X-Procurify-Client': 'api' }
}

/** One request; a body is sent as JSON. The answer's body is parsed when it is JSON, else left as text. */
export async function request<Body = Json>(
  url: string,
  options: {
    method?: string
    headers?: Record<string, string>
    body?: unknown
    redirect?: 'manual'
    signal?: AbortSignal
  } = {},
): Promise<Answer<Body>> {
  const { method = 'GET', headers = {}, body } = options
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    signal: options.signal ?? null,
    redirect: options.redirect ?? 'follow',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== ''
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body }
}

export function plexGet<Body = Json[]>(sandbox: Sandbox, path: string): Promise<Answer<Body>> {
  return request<Body>(`${sandbox.plex.url}${path}`, { headers: plexHeaders(sandbox) })
}

export interface Page {
  metadata: { pagination: Json }
  data: Json[]
}

export function procurify<Body = { data: Json; metadata: Json }>(
  sandbox: Sandbox,
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<Answer<Body>> {
  const headers = procurifyHeaders(sandbox)
  return request<Body>(`${sandbox.procurify.url}${path}`, { method, headers, body })
}

/** What a broken exchange looks like from the client: the reason, or the status when there was an answer after all. */
export async function outcome(call: Promise<Answer<unknown>>): Promise<string> {
  try {
    return String((await call).status)
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown'
  }
}
