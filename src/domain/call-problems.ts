import type { Problem } from './problem.js'

/** Codes of calls: what the two systems answered, or did not. */
export const CALL_PROBLEMS = {
  // Answers that look right and are not to be trusted.
  filter_ignored: {
    what: 'The answer held records from outside the time range that was asked for: the date filter was ignored. They were left out here.',
    advice: 'Nothing is lost. If it stays, PLEX_DATE_FILTER names the wrong kind of filter for this Plex.',
  },
  empty_answer: {
    what: 'The answer was empty although records are known to exist. That is how a missing role or a wrong company looks.',
    advice:
      'Run `ml-connector check`: it tests roles and PLEX_PCN resource by resource. Nothing was concluded from the answer.',
    retryable: true,
  },
  answer_incomplete: {
    what: 'The answer did not bring back a record that is known to be in the range that was asked for, so other records may be missing too.',
    advice: 'Run `ml-connector check` for roles and PLEX_PCN. The watermark was not moved; nothing is skipped.',
    retryable: true,
  },
  answer_short: {
    what: 'The list was much shorter than the records known from before.',
    advice:
      'Run `ml-connector check` for roles and PLEX_PCN. If so many records really are gone, run again with the --confirm HASH that was printed.',
  },
  clock_skew: {
    what: 'The clock of this machine and the clock of the other side differ by more than a minute.',
    advice:
      'Set the clock (NTP). Nothing is lost: records are ordered by the time of Plex, claims by the time of the database.',
  },
  wrong_tenant: {
    what: 'The login reaches another company or tenant than the one this connection was bound to at its first use.',
    advice: 'Correct PLEX_PCN, PLEX_TENANT_ID or PROCURIFY_DOMAIN, or use another name for the pair with CONNECTION.',
  },

  // Logins and rights.
  login_refused: {
    what: 'The credentials were refused, or they have expired.',
    advice:
      'Enter new ones with `ml-connector credentials set plex` or `ml-connector credentials set procurify`, then `ml-connector check`.',
  },
  role_missing: {
    what: 'The login works, but may not do this.',
    advice: 'Give its user the role that `ml-connector check` names, resource by resource.',
  },
  product_missing: {
    what: 'The Plex key works, but its application is not subscribed to the API product of this resource.',
    advice: 'Subscribe the application to the product in the Plex developer portal, then `ml-connector check`.',
  },
  secret_in_environment: {
    what: 'A secret still comes from the environment or an env file instead of the vault.',
    advice:
      'Store it with `ml-connector credentials set plex --from-env` (or procurify), then remove it from the environment.',
  },
  no_master_key: {
    what: 'There is no master key, so no credentials can be stored or read.',
    advice: 'Make one with `ml-connector credentials new-key` and set it as ML_CONNECTOR_KEY or ML_CONNECTOR_KEY_FILE.',
  },

  // Data sources (the profile soap).
  data_source_failed: {
    what: 'A data source of Plex ran and reported an error: a wrong key or input in the map, or a fault in its query.',
    advice:
      'Run it in Plex with the same inputs; correct the query there, or its block in PLEX_SOAP_MAP, and run `ml-connector check`.',
  },
  data_source_columns: {
    what: 'A data source answered without a column the map names, or with one column twice. Nothing of the answer was used, as the fields would look empty.',
    advice: 'Correct the block in PLEX_SOAP_MAP, or the query in Plex. `ml-connector check` tries each data source.',
  },
  soap_fault: {
    what: 'The SOAP service of Plex did not understand the request.',
    advice: 'Check PLEX_BASE_URL, and soapVersion in PLEX_SOAP_MAP.',
  },
  not_mapped: {
    what: 'The map of data sources has no block for records that are needed here.',
    advice: 'Add the block to PLEX_SOAP_MAP; src/plex/soap-map.example.json has one of each.',
  },
  plex_read_only: {
    what: 'Over data sources nothing can be written to Plex, so it was not tried.',
    advice: 'Create the account in Plex by hand; the next alignment pairs it by its number.',
  },

  // The wire.
  throttled: {
    what: 'The other side asked for fewer calls.',
    advice:
      'Nothing to do: the wait it asked for is kept. If it happens often, lower PLEX_CALLS_PER_MINUTE or PROCURIFY_CALLS_PER_MINUTE.',
    retryable: true,
  },
  slowed_down: {
    what: 'The other side answered 429: it allows fewer calls than the settings say, or others use the same login. Calls were slowed down.',
    advice:
      'Nothing to do: the next runs begin at this pace, and it grows by 5 % for each quiet minute. If it stays, lower PLEX_CALLS_PER_MINUTE or PROCURIFY_CALLS_PER_MINUTE.',
    retryable: true,
  },
  cooling_down: {
    what: 'Calls to this system are stopped for a while, after repeated time-outs or because it asked for patience.',
    advice: 'Nothing to do: the first run after the cool-down goes on.',
    retryable: true,
  },
  too_many_timeouts: {
    what: 'Procurify timed out several times in a row. It suspends access for that, so the pass stopped and a cool-down began.',
    advice: 'Nothing to do. If it comes back, lower SYNC_CONCURRENCY or PROCURIFY_PAGE_SIZE.',
    retryable: true,
  },
  timed_out: {
    what: 'No answer came within the time limit of a request.',
    advice: 'Nothing to do at first. If it stays, raise SYNC_TIMEOUT (SYNC_LEASE must exceed twice that).',
    retryable: true,
  },
  unreachable: {
    what: 'The other side could not be reached: name, network, port or certificate.',
    advice:
      'Check the network, the host in PLEX_BASE_URL or PROCURIFY_BASE_URL, and the certificate, with `ml-connector check`.',
    retryable: true,
  },
  connection_lost: {
    what: 'The connection broke before the whole answer was here.',
    advice: 'Nothing to do: reads are repeated, and a write is looked for before anything is sent again.',
    retryable: true,
  },
  server_error: {
    what: 'The other side reported a fault of its own.',
    advice:
      'Nothing to do at first. If it stays for one record only, look at that record; if for all, ask the vendor of that system.',
    retryable: true,
  },
  html_answer: {
    what: 'A web page came instead of data: usually a login page, a proxy or maintenance.',
    advice: 'Open the base URL in a browser from this machine to see the page; check the URL and any proxy.',
    retryable: true,
  },
  broken_answer: {
    what: 'The answer was cut short or is not the format it claims to be.',
    advice: 'Nothing to do at first. If it stays, see the log with --log-level debug and check the base URL.',
    retryable: true,
  },
  answer_too_large: {
    what: 'The answer is larger than this program accepts.',
    advice: 'The time range is halved by itself where that helps. If it stays, start later with --since.',
  },
  redirected: {
    what: 'The other side pointed to another address. Credentials are not sent to addresses that were not configured.',
    advice: 'Set PLEX_BASE_URL or PROCURIFY_BASE_URL to the final address.',
  },
} satisfies Record<string, Problem>
