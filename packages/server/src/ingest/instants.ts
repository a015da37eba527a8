import { instantOf } from '@questline/contracts'

/**
 * `instantOf`, remembering the last text: the validator of the schema and the log ask for the same
 * one after the other. UTC with milliseconds, as our SDK and nearly all others write it, is read by
 * position, the day of the event before is not computed again, and the rest is left to the contract.
 */
export function createInstants(): (text: string) => number | null {
  let lastText = ''
  let last: number | null = null
  let lastDay = ''
  let midnight = 0

  const read = (text: string): number | null => {
    if (text.length !== 24 || !text.startsWith('Z', 23) || !text.startsWith('.', 19))
      return instantOf(text)
    const day = text.slice(0, 11)
    if (day !== lastDay) {
      const start = instantOf(`${day}00:00:00.000Z`)
      if (start === null) return instantOf(text)
      lastDay = day
      midnight = start
    }
    const inDay = timeOfDay(text)
    return inDay < 0 ? instantOf(text) : midnight + inDay
  }

  return (text) => {
    if (text !== lastText) {
      last = read(text)
      lastText = text
    }
    return last
  }
}

/** Milliseconds since midnight of `…T12:34:56.789Z`; negative when it is not written so. */
function timeOfDay(text: string): number {
  if (!text.startsWith(':', 13) || !text.startsWith(':', 16)) return -1
  const hour = pair(text, 11)
  const minute = pair(text, 14)
  const second = pair(text, 17)
  const ms = pair(text, 20) * 10 + digit(text, 22)
  const isPlain = hour < 24 && minute < 60 && second < 60 && hour + minute + second + ms >= 0
  return isPlain ? ((hour * 60 + minute) * 60 + second) * 1_000 + ms : -1
}

/** So far below zero that no sum with it is positive. */
const NO_NUMBER = -1e9
const pair = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)
function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 0x30
  return value >= 0 && value <= 9 ? value : NO_NUMBER
}
