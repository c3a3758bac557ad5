import type { ColumnType, Generated } from 'kysely'

/** Written as JSON text, read back parsed. */
type Json<T = unknown> = ColumnType<T, string | null, string | null>
/** timestamptz: always ISO text in UTC with microseconds (see database.ts), never a Date. */
type Time = string

interface ConnectionTable {
  name: string
  plex_host: string
  plex_pcn: string
  plex_tenant: string | null
  procurify_host: string
  requester: string | null
  salt: string
  bill_drafts_refused: Generated<string | null>
  created_at: Generated<Time>
}

interface CredentialTable {
  connection: string
  system: 'plex' | 'procurify'
  jwe: string
  key_id: string
  fields: string[]
  updated_at: Generated<Time>
}

interface TokenTable {
  connection: string
  system: 'plex' | 'procurify'
  fingerprint: string
  jwe: string
  key_id: string
  expires_at: Time
}

interface BudgetTable {
  name: string
  seconds: Generated<unknown>
  counts: Generated<unknown>
  learned_limit: number | null
  learned_at: Time | null
  not_before: Generated<Time>
  reason: string | null
  timeouts: Generated<number>
}

interface RunTable {
  id: string
  connection: string
  command: string
  stream: string
  actor: Json
  started_at: Generated<Time>
  finished_at: Time | null
  outcome: string | null
  exit_code: number | null
  result: Json
}

interface LeaseTable {
  connection: string
  stream: string
  owner: string | null
  holder: string | null
  fence: Generated<number>
  expires_at: Generated<Time>
}

interface WatermarkTable {
  connection: string
  stream: string
  position: string | null
  position_key: string | null
  anchors: Generated<string[]>
  loaded_at: Time | null
  updated_at: Generated<Time>
}

interface NoteTable {
  connection: string
  stream: string
  source_id: string
  source_key: string | null
  source_hash: string | null
  record: Json
  rejection: string | null
  first_load: Generated<boolean>
  revision: Generated<number>
  noted_at: Generated<Time>
}

interface LinkTable {
  connection: string
  stream: string
  source_id: string
  source_key: string | null
  source_hash: string | null
  target_id: string | null
  target_key: string | null
  wanted_hash: string | null
  sent: Json
  detail: Json
  skip_code: string | null
  given_up: Generated<string | null>
  scope: string | null
  version: Generated<number>
  linked_at: Time | null
  updated_at: Generated<Time>
}

interface IntentTable {
  id: Generated<number>
  connection: string
  stream: string
  source_id: string
  source_key: string | null
  source_hash: string | null
  action: 'create' | 'update' | 'adopt' | 'none'
  state: 'waiting' | 'pending' | 'sending' | 'done' | 'dead'
  target_id: string | null
  target_key: string | null
  draft: Json
  payload: Json
  changes: Json
  record: Json
  wanted_hash: string | null
  code: string | null
  message: string | null
  waits_for: string[] | null
  attempts: Generated<number>
  next_attempt_at: Generated<Time>
  claim_no: Generated<number>
  claim_run: string | null
  claim_expires_at: Time | null
  unresolved_since: Time | null
  absent_at: Time | null
  replay_of: number | null
  planned_by: string
  created_at: Generated<Time>
  updated_at: Generated<Time>
}

interface AttemptTable {
  intent_id: number
  claim_no: number
  run_id: string
  payload_hash: string
  started_at: Generated<Time>
  finished_at: Time | null
  outcome: string | null
  http: Json
  message: string | null
}

interface AuditTable {
  connection: string
  seq: number
  at: Time
  run_id: string | null
  actor: Json
  stream: string
  source_id: string | null
  source_key: string | null
  target_id: string | null
  action: string
  outcome: string
  attempt: number | null
  code: string | null
  message: string | null
  changes: Json
  http: Json
  source_hash: string | null
  replay_of: number | null
  prev_hash: string
  hash: string
}

interface AuditHeadTable {
  connection: string
  seq: Generated<number>
  hash: Generated<string>
  pruned_seq: Generated<number>
  pruned_hash: Generated<string>
  at: Generated<Time>
}

interface DatabaseRoleTable {
  name: string
  granted_at: Generated<Time>
}

interface SettingsVersionTable {
  connection: string
  hash: string
  settings: Json<Record<string, string>>
  first_seen_at: Generated<Time>
}

interface PauseTable {
  connection: string
  stream: string
  source_id: string
  source_key: string | null
  reason: string
  paused_by: string
  paused_at: Generated<Time>
}

interface ReportTable {
  connection: string
  id: string
  taken_at: Time
  exit_code: number
  findings: number
  range: Json
  actor: Json
  document: Json
  sha256: string
}

/** The schema of `sql/`, as Kysely sees it. Kept equal to the migrations by test/store/tables.test.ts. */
export interface Tables {
  connection: ConnectionTable
  credential: CredentialTable
  token: TokenTable
  budget: BudgetTable
  run: RunTable
  lease: LeaseTable
  watermark: WatermarkTable
  note: NoteTable
  link: LinkTable
  intent: IntentTable
  attempt: AttemptTable
  audit: AuditTable
  audit_head: AuditHeadTable
  pause: PauseTable
  report: ReportTable
  database_role: DatabaseRoleTable
  settings_version: SettingsVersionTable
}
