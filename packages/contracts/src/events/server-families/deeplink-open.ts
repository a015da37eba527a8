import { Type } from 'typebox'
import { LIMITS } from '../../limits.ts'
import { Text } from '../../route.ts'
import { serverFamily } from '../family.ts'

const Named = (description: string) =>
  Type.Union([Text(0, LIMITS.deeplinkCharsMax, description), Type.Null()], { description })

export const DEEPLINK_OPEN = serverFamily({
  name: 'deeplink_open',
  version: '1-0-0',
  description: 'Somebody followed a link into the game, by `GET /track`.',
  fields: {
    character: Named('What the link shows, as it was in the link.'),
    campaign: Named('The campaign, as it was in the link.'),
  },
  example: { character: 'dragon', campaign: 'SUMMER_2026' },
})
