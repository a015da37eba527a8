import { LEDGER } from '@questline/contracts'
import { endpoint, ok, ownId } from '../endpoint.ts'
import { ledgerPage } from '../ledger-page.ts'
import type { EndpointParts } from '../parts.ts'

export const ledger = (parts: EndpointParts) =>
  endpoint(LEDGER, async ({ caller, query }) =>
    ok(await ledgerPage(parts.ledger, ownId(caller), query)),
  )
