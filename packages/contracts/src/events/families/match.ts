import { type TString, Type } from 'typebox'
import { Text } from '../../route.ts'
import { AnyPlatform, ENVELOPE, PlatformName, PlayerId } from '../envelope.ts'
import { clientFamily, Whole } from '../family.ts'
import { RAW_HEAD, RAW_USER_CHARS_MAX } from '../raw-form.ts'

const User = (description: string) => Text(1, RAW_USER_CHARS_MAX, description)

const postmatchInfo = (platform: TString) =>
  Type.Object(
    {
      'coin-balance-after-match': Whole(0, 'Coins that the player has now.'),
      'level-after-match': Whole(0, 'The level that the player has now.'),
      device: Text(1, 200, 'The device that the match was played on.'),
      platform,
    },
    { description: 'What the match left the player with.' },
  )

const Info = postmatchInfo(PlatformName)
const RawInfo = postmatchInfo(AnyPlatform)

export const MATCH = clientFamily({
  name: 'match',
  version: '1-1-0',
  description: 'Two players played against each other. One match, and both of them were active.',
  fields: {
    'user-a': User('One player.'),
    'user-b': User('The other player.'),
    winner: User('Who won: `user-a` or `user-b`.'),
    'user-a-postmatch-info': Info,
    'user-b-postmatch-info': Type.Optional(Info),
    'game-tier': Whole(1, 'The table that was played at.'),
    duration: Whole(0, 'How long it took.', 's'),
  },
  envelope: {
    ...ENVELOPE,
    ...RAW_HEAD,
    player_id: Type.Optional(PlayerId),
    platform: Type.Optional(PlatformName),
  },
  raw: {
    platform: Type.Optional(AnyPlatform),
    'user-a-postmatch-info': RawInfo,
    'user-b-postmatch-info': Type.Optional(RawInfo),
  },
  example: {
    'user-a': 'player_1',
    'user-b': 'player_2',
    winner: 'player_2',
    'user-a-postmatch-info': {
      'coin-balance-after-match': 1_250,
      'level-after-match': 7,
      device: 'iPhone 17',
      platform: 'ios',
    },
    'user-b-postmatch-info': {
      'coin-balance-after-match': 4_400,
      'level-after-match': 11,
      device: 'Pixel 10',
      platform: 'android',
    },
    'game-tier': 3,
    duration: 184,
  },
})
