import { Type } from 'typebox'
import { Text } from '../../route.ts'
import { clientFamily, openEnum, Whole } from '../family.ts'

const Named = (description: string) => Type.Optional(Text(1, 128, description))

export const AD_IMPRESSION = clientFamily({
  name: 'ad_impression',
  version: '1-0-0',
  description: 'The player saw an ad. Its revenue stays apart from that of purchases.',
  fields: {
    ad_format: openEnum(
      ['rewarded', 'interstitial', 'banner', 'app_open', 'native', 'offerwall', 'playable'],
      'The kind of ad.',
    ),
    ad_network: Named('Who delivered it, such as `admob`.'),
    mediation: Named('Who chose the network, such as `applovin_max`.'),
    placement: Named('Where in the game it was shown.'),
    ad_unit: Named("The network's own id of the place."),
    revenue_usd_micros: Type.Optional(
      Whole(
        0,
        'What it earned by the word of the network, in millionths of a US dollar.',
        'micros',
      ),
    ),
    completion: Type.Optional(
      openEnum(['completed', 'partial', 'skipped'], 'How much of it was seen.'),
    ),
    watched_ms: Type.Optional(Whole(0, 'How long it was seen.', 'ms')),
    rewarded: Type.Optional(Type.Boolean({ description: 'Whether the player got the reward.' })),
  },
  example: {
    ad_format: 'rewarded',
    ad_network: 'admob',
    placement: 'double_coins',
    revenue_usd_micros: 12_400,
    completion: 'completed',
    watched_ms: 30_000,
    rewarded: true,
  },
})
