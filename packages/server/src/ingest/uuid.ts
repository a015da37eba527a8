import { hash } from 'node:crypto'

/** Of our own, drawn once, so that ids made here equal nobody else's. */
const NAMESPACE = Buffer.from('5e0f3d1c7a964b0c9f2b4d8c6a1e7f35', 'hex')

/** The UUID of version 5 that a list of names stands for: equal names give an equal id, for ever. */
export function uuidOfNames(...names: readonly (string | number)[]): string {
  const digest = hash(
    'sha1',
    Buffer.concat([NAMESPACE, Buffer.from(JSON.stringify(names))]),
    'buffer',
  )
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6)
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = digest.toString('hex', 0, 16)
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-')
}
