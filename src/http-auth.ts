/**
 * The three ways to log in: API key, Basic, and OAuth 2.0 client credentials with a token shared by all runs through
 * the vault.
 */
import { createHash } from 'node:crypto'
import { ConfigError } from './domain/errors.js'
import type { Failure, Result } from './domain/failure.js'
import type { Json, System } from './domain/record.js'
import { Secret } from './domain/secret.js'
import type { Answer, HttpOptions, TokenCall } from './http.js'
import type { Clock, Credentials, Vault } from './ports.js'

type LoginHeaders = Readonly<Record<string, string>>

export interface Auth {
  headers(tokenCall: TokenCall): Promise<Result<LoginHeaders>>
  /** After a 401 for `refused`: other headers to try once, or null when there are none. */
  renew(tokenCall: TokenCall, refused: LoginHeaders): Promise<Result<LoginHeaders | null>>
}

/** Headers that never change, e.g. `X-Plex-Connect-Api-Key` (contracts/plex.md section 2). */
export function apiKeyAuth(headers: Readonly<Record<string, Secret>>): Auth {
  return fixed(Object.fromEntries(Object.entries(headers).map(([name, secret]) => [name, secret.reveal()])))
}

export function basicAuth(user: Secret, password: Secret): Auth {
  const pair = Buffer.from(`${user.reveal()}:${password.reveal()}`, 'utf8').toString('base64')
  return fixed({ authorization: `Basic ${pair}` })
}

function fixed(headers: LoginHeaders): Auth {
  return {
    headers: () => Promise.resolve({ ok: true, value: headers }),
    renew: () => Promise.resolve({ ok: true, value: null }),
  }
}

/** What tells one login from another without giving it away: names budgets and cached tokens. 16 hex digits. */
export function loginFingerprint(baseUrl: string, credentials: Credentials): string {
  const hash = createHash('sha256').update(baseUrl)
  for (const name of ['clientId', 'clientSecret', 'apiKey', 'apiSecret', 'username', 'password'] as const) {
    hash.update(`\n${name}=${credentials[name]?.reveal() ?? ''}`)
  }
  return hash.digest('hex').slice(0, 16)
}

export interface OAuthOptions {
  readonly system: System
  readonly tokenUrl: string
  readonly clientId: Secret
  readonly clientSecret: Secret
  /** How the request for a token is written; further members besides client_id, client_secret and grant_type. */
  readonly style: 'form' | 'json'
  readonly extra: Readonly<Record<string, string>>
  /** Used when the answer has no `expires_in`. */
  readonly defaultLifeSec: number
  readonly vault: Pick<Vault, 'token' | 'saveToken' | 'dropToken'>
  readonly fingerprint: string
  readonly clock: Clock
}

/** A token is given up this long before its end, so that it does not expire on the way. */
const MARGIN_SEC = 60
/** The vault promises a minute of life: within it a token is not asked for again. */
const RECHECK_MS = 30_000

interface Held {
  readonly token: Secret
  /** Clock ms from which on it is not used unasked. */
  readonly until: number
}

/**
 * Client credentials (contracts/plex.md section 2, procurify.md section 1). The token comes from memory, else from the
 * vault, else from one token call, which concurrent calls share. A refused login is an `auth` failure `login_refused`.
 */
export function oauthAuth(options: OAuthOptions): Auth {
  const { system, vault, fingerprint, clock } = options
  let held: Held | null = null
  let underWay: Promise<Result<Secret>> | null = null

  const fetchToken = async (tokenCall: TokenCall): Promise<Result<Secret>> => {
    const stored = await vault.token(system, fingerprint)
    if (stored !== null) {
      held = { token: stored, until: clock.now() + RECHECK_MS }
      return { ok: true, value: stored }
    }
    const answer = await askForToken(options, tokenCall)
    if (!answer.ok) return answer
    const { token, lifeSec } = answer.value
    // Half of a very short life is better than asking anew for every call.
    held = { token, until: clock.now() + 1000 * Math.max(lifeSec - MARGIN_SEC, lifeSec / 2) }
    await vault.saveToken(system, fingerprint, token, lifeSec)
    return { ok: true, value: token }
  }
  const share = (work: () => Promise<Result<Secret>>): Promise<Result<Secret>> => {
    underWay ??= work().finally(() => (underWay = null))
    return underWay
  }
  const headers: Auth['headers'] = async (tokenCall) => {
    if (held !== null && clock.now() < held.until) return { ok: true, value: bearer(held.token) }
    const token = await share(() => fetchToken(tokenCall))
    return token.ok ? { ok: true, value: bearer(token.value) } : token
  }
  const replace = async (tokenCall: TokenCall, token: Secret): Promise<Result<Secret>> => {
    held = null
    await vault.dropToken(system, token)
    return fetchToken(tokenCall)
  }
  return {
    headers,
    renew: async (tokenCall, refused) => {
      // A 401 of another call may have brought a new token already: only the one that was refused is thrown away.
      // Dropping it belongs to the shared work, else a second call would find it in the vault once more.
      const token = held?.token
      if (token !== undefined && bearer(token)['authorization'] === refused['authorization']) {
        const renewed = await share(() => replace(tokenCall, token))
        if (!renewed.ok) return renewed
      }
      return headers(tokenCall)
    },
  }
}

function bearer(token: Secret): LoginHeaders {
  return { authorization: `Bearer ${token.reveal()}` }
}

async function askForToken(
  options: OAuthOptions,
  tokenCall: TokenCall,
): Promise<Result<{ token: Secret; lifeSec: number }>> {
  const answer = await tokenCall(...tokenRequest(options, options.style))
  const style = otherStyle(options, answer)
  // A refusal of the second try says less than that of the documented one.
  const second = style === null ? answer : await tokenCall(...tokenRequest(options, style))
  const best = second.ok ? second : answer
  if (!best.ok) return REFUSED.has(best.status ?? 0) ? refused(options.system, best) : best
  return readToken(options, best.value)
}

/** How the client says who it is: in a form, in JSON, or by Basic beside a form (RFC 6749 section 2.3.1). */
type TokenStyle = OAuthOptions['style'] | 'basic'

/**
 * Only a vendor page names Plex's token address, and none says how it wants to be asked (contracts/plex.md section 2). A form that
 * is refused as a login is tried once with Basic, one that is refused as a request once as JSON. Procurify's way is documented.
 */
function otherStyle({ style }: OAuthOptions, answer: Result<Answer>): TokenStyle | null {
  if (answer.ok || style !== 'form') return null
  if (answer.status === 401) return 'basic'
  return answer.status === 400 || answer.status === 415 ? 'json' : null
}

function tokenRequest(options: OAuthOptions, style: TokenStyle): Parameters<TokenCall> {
  const { tokenUrl, extra } = options
  const [id, secret] = [options.clientId.reveal(), options.clientSecret.reveal()]
  const grant = { grant_type: 'client_credentials', ...extra }
  const members: Record<string, string> = style === 'basic' ? grant : { client_id: id, client_secret: secret, ...grant }
  const body = style === 'json' ? JSON.stringify(members) : new URLSearchParams(members).toString()
  const type = style === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'
  // Both halves are form-encoded before they are joined, so that a colon in the id is none between the two.
  const pair = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`, 'utf8').toString('base64')
  const login: LoginHeaders = style === 'basic' ? { authorization: `Basic ${pair}` } : {}
  return [tokenUrl, { 'content-type': type, ...login }, body, [secret, id, pair]]
}

/** 400 and 401 carry `invalid_client` and the like; a login that is refused stays refused until a person changes it. */
const REFUSED = new Set([400, 401, 403])

function refused(system: System, failure: Failure): Failure {
  const advice = `Check the client id and secret (ml-connector credentials set ${system}).`
  return { ...failure, kind: 'auth', code: 'login_refused', message: `${failure.message} ${advice}` }
}

function readToken(options: OAuthOptions, { value, status, http }: Answer): Result<{ token: Secret; lifeSec: number }> {
  const { access_token: token, expires_in: life } = membersOf(value)
  if (typeof token === 'string' && token !== '') {
    const lifeSec = Number(life)
    return { ok: true, value: { token: new Secret(token), lifeSec: lifeSec > 0 ? lifeSec : options.defaultLifeSec } }
  }
  const question = `is it the token address of ${options.system}?`
  const message = `${options.tokenUrl} answered ${status} without an access_token: ${question}`
  return { ok: false, kind: 'auth', code: 'login_refused', message, status, http, retryAfterMs: null }
}

function membersOf(value: Json): Readonly<Record<string, Json | undefined>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json | undefined>>)
    : {}
}

/** What the client of each system is given by the program. */
export interface ClientDeps extends Omit<HttpOptions, 'system' | 'baseUrl' | 'headers' | 'userAgent' | 'auth'> {
  readonly credentials: Credentials
  readonly vault: OAuthOptions['vault']
  readonly version: string
}

/** The members of a login that a way of logging in needs. Throws ConfigError naming what is missing. */
export function needLogin<K extends keyof Credentials>(
  system: System,
  credentials: Credentials,
  names: readonly K[],
): Record<K, Secret> {
  const missing = names.filter((name) => credentials[name] === undefined)
  if (missing.length > 0) {
    const settings = missing.map((name) => `${system}_${name.replace(/[A-Z]/g, '_$&')}`.toUpperCase()).join(', ')
    throw new ConfigError(`No login for ${system}: run \`ml-connector credentials set ${system}\`, or set ${settings}.`)
  }
  return credentials as Record<K, Secret>
}
