const RFC_3339 =
  /^(\d{4}-(\d{2})-(\d{2}))[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/**
 * An RFC 3339 time with a zone, in milliseconds since the epoch; null when `text` is none, or names
 * a day or an hour that does not exist. Digits past the millisecond are cut. A leap second is the
 * first instant after it, since our clocks have none.
 */
export function instantOf(text: string): number | null {
  const parts = RFC_3339.exec(text)
  if (!parts) return null
  const [, date, month, day, hour, minute, second, fraction = '', sign, zoneHour, zoneMinute] =
    parts
  // `Date` reads 2026-02-30 as 2 March: a day that moves was none.
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight)) return null
  const read = new Date(midnight)
  if (read.getUTCDate() !== Number(day) || read.getUTCMonth() + 1 !== Number(month)) return null

  const zone = (sign === '-' ? -1 : 1) * (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0))
  if (Number(hour) > 23 || Number(minute) > 59 || Number(zoneHour ?? 0) > 23) return null
  if (Number(zoneMinute ?? 0) > 59) return null
  const minutes = midnight + (Number(hour) * 60 + Number(minute) - zone) * 60_000
  if (Number(second) < 60) return minutes + Number(second) * 1_000 + millisecondsOf(fraction)
  // A 60th second ends a UTC day, and no other minute.
  return Number(second) === 60 && minutes % 86_400_000 === 86_340_000 ? minutes + 60_000 : null
}

const millisecondsOf = (fraction: string): number => Number(fraction.slice(0, 3).padEnd(3, '0'))
