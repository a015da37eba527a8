import { Type } from 'typebox'
import { Text } from '../../route.ts'
import { clientFamily, openEnum, Whole } from '../family.ts'

const Shown = (description: string) => Type.Optional(Text(1, 100, description))

export const SESSION_START = clientFamily({
  name: 'session_start',
  version: '1-0-0',
  description: 'The player began to play. `session_id` names the session.',
  fields: {
    session_number: Type.Optional(
      Whole(1, 'How many sessions this device has had, with this one.'),
    ),
    device_model: Shown('Such as `iPhone18,1`.'),
    device_manufacturer: Shown('Such as `Samsung`.'),
    os_version: Shown('Such as `26.1`.'),
    language: Shown('BCP 47, such as `pt-PT`.'),
    connection: Type.Optional(
      openEnum(['wifi', 'cellular', 'wired', 'offline'], 'How the device was connected.'),
    ),
    engine_version: Shown('Such as `unity 6000.0`.'),
  },
  example: {
    session_id: '0199a1b2-aaaa-7bbb-8ccc-0d1e2f3a4b5c',
    session_number: 12,
    device_model: 'iPhone18,1',
    os_version: '26.1',
    language: 'pt-PT',
    connection: 'wifi',
  },
})
