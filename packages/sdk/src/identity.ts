import type { Host } from './host.ts'
import { uuidv7 } from './uuid.ts'

export type Drops = Readonly<Record<string, number>>

/** Who counts on this device, how far, and what was given up since the last report. Stored as text. */
export class Identity {
  #device: string
  #seq = 0
  #drops: Record<string, number> = {}

  constructor(host: Host) {
    this.#device = uuidv7(host)
  }

  /** Takes over what is stored. Losses that are counted already stay counted. */
  read(stored: string | undefined): void {
    try {
      const { device, seq, drops } = JSON.parse(stored ?? '{}')
      if (device) {
        this.#device = device
        this.#seq = seq
        this.count(drops)
      }
    } catch {
      // Half a text counts nothing: this is a new device.
    }
  }

  text(): string {
    return JSON.stringify({ device: this.#device, seq: this.#seq, drops: this.#drops })
  }

  /**
   * The event with its device and the next number, which `advance` then takes. Who plays without
   * having said who, is the device.
   */
  stamp(event: string, hasPlayer: boolean): string {
    const device = this.#device
    const player = hasPlayer ? '' : `"player_id":"${device}",`
    return `${event.slice(0, -1)},${player}"device_id":"${device}","seq":${this.#seq + 1}}`
  }

  advance(): void {
    this.#seq += 1
  }

  /** A number that is in use already, should the stored count be older than a stored event. */
  saw(device: string, seq: number): void {
    if (device === this.#device && seq > this.#seq) this.#seq = seq
  }

  count(drops: Drops): void {
    for (const [reason, times] of Object.entries(drops))
      this.#drops[reason] = (this.#drops[reason] ?? 0) + times
  }

  /** What was given up since the last call, by reason; undefined when nothing was. */
  takeDrops(): Drops | undefined {
    const drops = this.#drops
    if (Object.keys(drops).length === 0) return undefined
    this.#drops = {}
    return drops
  }
}
