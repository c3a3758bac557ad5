/** How a record differs from what it was, for people: one change for each value, named by its path. */
import type { Change, Json } from './record.js'

/** `lines[2].price: "1" -> "2"`. Lists of records with ids are paired by id; null and a missing member are one. */
export function diffRecords(from: Json, to: Json, path = ''): Change[] {
  if (isList(from) && isList(to)) return diffLists(from, to, path)
  if (isRecord(from) && isRecord(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])]
    return names.flatMap((name) =>
      diffRecords(from[name] ?? null, to[name] ?? null, path === '' ? name : `${path}.${name}`),
    )
  }
  return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ field: path, from, to }]
}

function diffLists(from: readonly Json[], to: readonly Json[], path: string): Change[] {
  const before = new Map(from.map((value, at) => [idOf(value) ?? String(at), { value, at }]))
  const after = new Map(to.map((value, at) => [idOf(value) ?? String(at), { value, at }]))
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((id) => {
    const [old, now] = [before.get(id), after.get(id)]
    return diffRecords(old?.value ?? null, now?.value ?? null, `${path}[${(now ?? old)?.at ?? id}]`)
  })
}

function idOf(value: Json): string | null {
  const id = isRecord(value) ? value['id'] : null
  return typeof id === 'string' ? id : null
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isRecord(value: Json): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
