/** Calls to Plex: which partition they are for, and how they log in (contracts/plex.md sections 1 to 3). */
import {
  apiKeyAuth,
  basicAuth,
  loginFingerprint,
  needLogin,
  oauthAuth,
  type Auth,
  type ClientDeps,
} from '../http-auth.js'
import { makeHttp, type Http } from '../http.js'

export interface PlexSettings {
  /** No trailing slash. */
  readonly baseUrl: string
  readonly auth: 'oauth2' | 'api-key' | 'basic'
  readonly tokenUrl: string
  readonly scope: string | null
  readonly pcn: string
  readonly pcnHeader: string
  readonly tenantId: string | null
}

/** Plex's tokens live about ten minutes; used where the answer does not say. */
const TOKEN_LIFE_SEC = 600

/**
 * An Http for Plex. The PCN goes with every call: without it the login's default tenant answers, silently. Throws
 * ConfigError when the way of logging in lacks a credential.
 */
export function makePlex(settings: PlexSettings, deps: ClientDeps): Http {
  const { baseUrl, pcn, pcnHeader, tenantId } = settings
  const tenant: Record<string, string> = tenantId === null ? {} : { 'X-Plex-Connect-Tenant-Id': tenantId }
  return makeHttp({
    ...deps,
    system: 'plex',
    baseUrl,
    headers: { [pcnHeader]: pcn, ...tenant },
    userAgent: `ml-connector/${deps.version}`,
    auth: authOf(settings, deps),
  })
}

/** A long query of a data source is better cut: XML takes many times its size in memory while it is read. */
const MAX_SOAP_BYTES = 5_000_000

/** An Http for the data source service. The login is bound to its company there, so no header names one. */
export function makePlexSoap(settings: PlexSettings, legacyTls: boolean, deps: ClientDeps): Http {
  return makeHttp({
    ...deps,
    ...{ system: 'plex', baseUrl: settings.baseUrl, headers: {}, legacyTls, maxBytes: MAX_SOAP_BYTES },
    userAgent: `ml-connector/${deps.version}`,
    auth: authOf(settings, deps),
  })
}

function authOf(settings: PlexSettings, { credentials, vault, clock }: ClientDeps): Auth {
  switch (settings.auth) {
    case 'api-key': {
      const { apiKey } = needLogin('plex', credentials, ['apiKey'])
      // The key alone was enough in practice; a secret is sent when there is one.
      const secret = credentials.apiSecret === undefined ? {} : { 'X-Plex-Connect-Api-Secret': credentials.apiSecret }
      return apiKeyAuth({ 'X-Plex-Connect-Api-Key': apiKey, ...secret })
    }
    case 'basic': {
      const { username, password } = needLogin('plex', credentials, ['username', 'password'])
      return basicAuth(username, password)
    }
    case 'oauth2': {
      const { tokenUrl, scope } = settings
      return oauthAuth({
        ...needLogin('plex', credentials, ['clientId', 'clientSecret']),
        ...{ system: 'plex', tokenUrl, vault, clock },
        style: 'form',
        extra: scope === null ? {} : { scope },
        defaultLifeSec: TOKEN_LIFE_SEC,
        fingerprint: loginFingerprint(`${tokenUrl}\n${scope ?? ''}`, credentials),
      })
    }
  }
}
