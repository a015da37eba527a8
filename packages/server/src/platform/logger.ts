import { type Logger, pino } from 'pino'
import type { LogLevel } from './log-levels.ts'

export { LOG_LEVELS, type LogLevel } from './log-levels.ts'
export type { Logger }

/** Structured JSON lines on stderr; stdout belongs to the commands' own output. */
export function createLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['*.password', '*.token', '*.authorization', '*.deviceSecret'],
        censor: '…',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
