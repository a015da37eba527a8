import type { Cast } from './cast.ts'
import { createDevice, type Device, type DeviceParts, type DeviceSettings } from './device.ts'
import { add, type Figures } from './figures.ts'

/** The devices of all players who have played. */
export type Crowd = {
  deviceOf(player: number): Device
  /** Nobody is without a connection any more. */
  reconnect(): void
  /** Sends what waits on all devices. */
  flush(): Promise<void>
  close(): Promise<void>
  answered(): number
  waiting(): number
  /** What the server must measure of loss, by version of the game. */
  addLoss(figures: Figures): void
}

export function createCrowd(parts: DeviceParts, cast: Cast, settings: DeviceSettings): Crowd {
  const devices = new Map<number, Device>()
  const sum = (of: (device: Device) => number): number => {
    let total = 0
    for (const device of devices.values()) total += of(device)
    return total
  }
  return {
    deviceOf(player) {
      const known = devices.get(player)
      if (known) return known
      const member = cast.members[player]
      if (!member) throw new RangeError(`there is no player ${player}`)
      const made = createDevice(parts, member, settings)
      devices.set(player, made)
      return made
    },
    reconnect() {
      for (const device of devices.values()) device.loseConnection(0)
    },
    async flush() {
      const waiting = [...devices.values()].filter((device) => device.waiting() > 0)
      await Promise.all(waiting.map((device) => device.flush()))
    },
    async close() {
      await Promise.all([...devices.values()].map((device) => device.close()))
    },
    answered: () => sum((device) => device.answered()),
    waiting: () => sum((device) => device.waiting()),
    addLoss(figures) {
      for (const { count } of devices.values()) {
        const { version, arrived, highest } = count
        add(figures, `loss ${version} received`, arrived)
        add(figures, `loss ${version} lost`, highest - arrived)
      }
    },
  }
}
