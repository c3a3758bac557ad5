/** Valid records that each test changes in one place. */
import type { Planned, Wanted } from '../../src/domain/decision.js'
import type { Claim } from '../../src/domain/delivery.js'
import type { Link, Note, Touched } from '../../src/domain/record.js'

export function aTouched(sourceId: string, fields: Partial<Touched> = {}): Touched {
  return {
    sourceId,
    sourceKey: `KEY-${sourceId}`,
    modifiedAt: '2026-03-01T00:00:00.0000001Z',
    createdAt: null,
    hash: `hash-${sourceId}`,
    record: { id: sourceId },
    rejection: null,
    ...fields,
  }
}

export function aNote(sourceId: string, fields: Partial<Note> = {}): Note {
  return {
    sourceId,
    sourceKey: `KEY-${sourceId}`,
    hash: `hash-${sourceId}`,
    record: { id: sourceId },
    rejection: null,
    firstLoad: false,
    revision: 1,
    ...fields,
  }
}

export function aWanted(fields: Partial<Wanted> = {}): Wanted {
  return {
    action: 'create',
    targetId: null,
    targetKey: 'Name',
    draft: { name: 'Name' },
    payload: { name: 'Name' },
    wantedHash: 'wanted',
    changes: [{ field: 'name', from: null, to: 'Name' }],
    message: null,
    ...fields,
  }
}

export function aPlanned(note: Note, fields: Partial<Planned> = {}): Planned {
  return {
    note,
    sourceId: note.sourceId,
    sourceKey: note.sourceKey,
    sourceHash: note.hash,
    record: note.record,
    decision: { kind: 'send', wanted: aWanted() },
    ...fields,
  }
}

export function aClaim(fields: Partial<Claim> = {}): Claim {
  return {
    intentId: 1,
    claimNo: 1,
    sourceId: 's1',
    sourceKey: 'KEY-s1',
    sourceHash: 'hash-s1',
    wanted: aWanted(),
    attempt: 1,
    inDoubt: false,
    unresolvedForMs: 0,
    absentForMs: null,
    replayOf: null,
    isOwnPlan: true,
    goodForMs: 60_000,
    ...fields,
  }
}

export function aLink(sourceId: string, fields: Partial<Link> = {}): Link {
  return {
    sourceId,
    sourceKey: `KEY-${sourceId}`,
    sourceHash: `hash-${sourceId}`,
    targetId: '1',
    targetKey: 'Name',
    wantedHash: 'wanted',
    sent: { name: 'Name' },
    detail: null,
    skipCode: null,
    version: 1,
    ...fields,
  }
}
