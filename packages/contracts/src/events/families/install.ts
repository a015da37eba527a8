import { Type } from 'typebox'
import { LIMITS } from '../../limits.ts'
import { Text } from '../../route.ts'
import { clientFamily } from '../family.ts'

const Named = (description: string) => Type.Optional(Text(0, LIMITS.campaignCharsMax, description))

export const INSTALL = clientFamily({
  name: 'install',
  version: '1-0-0',
  description: 'The game was started for the first time on this device.',
  fields: {
    campaign: Named('The campaign that brought the player, where the game knows it.'),
    ad_group: Named('The group of ads within the campaign.'),
    creative: Named('The ad itself.'),
  },
  example: {
    campaign: 'SUMMER_2026',
    ad_group: 'lookalike_pt',
    creative: 'video_07',
  },
})
