import { type Logger, pino } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

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
