/** The reference data of both sides, brought together from the adapters: a part of wire.ts. */
import { isForPlex } from '../domain/plan-refdata-item.js'
import type { AlignPass } from '../passes/align.js'
import { makeAccountTarget } from '../plex/accounts.js'
import { makePlexRefdata } from '../plex/refdata.js'
import {
  makeAccountCodeTarget,
  makeDepartmentTarget,
  makeLocationTarget,
  makeProcurifyRefdata,
} from '../procurify/refdata.js'
import type { World } from './wire.js'
import { requireSources } from './wire-plex.js'

/** Both sides of the reference data and where each kind is delivered to. */
export function refdataParts(world: World): Pick<AlignPass, 'sources' | 'targets'> {
  const { config, plex, procurify, clock, dataSources } = world
  requireSources(dataSources, 'align refdata', 'orders', 'lines', 'accounts', 'buildings')
  const options = { pageSize: config.procurify.pageSize, clock }
  const codes = makeAccountCodeTarget(procurify, options)
  const accounts = makeAccountTarget(plex)
  return {
    sources: {
      plex: makePlexRefdata(plex, config.plex.dateFilter, dataSources?.has('departments') ?? false),
      procurify: makeProcurifyRefdata(procurify, config.procurify.pageSize),
    },
    targets: {
      locations: makeLocationTarget(procurify, options),
      departments: makeDepartmentTarget(procurify, options),
      // Accounts are the one kind that goes both ways: each intent says which.
      accounts: {
        lookFirst: (claim) => (isForPlex(claim) ? accounts : codes).lookFirst(claim),
        lookUp: (claim, witnesses) => (isForPlex(claim) ? accounts : codes).lookUp(claim, witnesses),
        send: (claim, sendBefore) => (isForPlex(claim) ? accounts : codes).send(claim, sendBefore),
      },
    },
  }
}
