import type { Reader } from './reader.ts'

export type FlinkConfig = ReturnType<typeof readFlinkSettings>

/** How the minutes are counted on Flink, and where it is. */
export function readFlinkSettings(read: Reader) {
  return {
    gatewayUrl: url(read, 'FLINK_GATEWAY_URL', 'http://127.0.0.1:8083'),
    restUrl: url(read, 'FLINK_REST_URL', 'http://127.0.0.1:8081'),
    parallelism: read.integer('FLINK_PARALLELISM', 2, 1, 10_000),
    checkpointMs: read.integer('FLINK_CHECKPOINT_SEC', 15, 1, 3_600) * 1_000,
    /** How long after its minute an event may be received and still be counted at once. */
    graceMs: read.integer('FLINK_GRACE_SEC', 20, 0, 86_400) * 1_000,
    /** Whether whoever makes the reports has the days before counted anew, and how long after midnight UTC. */
    restatement: {
      on: read.onOff('FLINK_RESTATE', false),
      delayMs: read.integer('FLINK_RESTATE_DELAY_MIN', 60, 0, 1_439) * 60_000,
    },
  }
}

function url(read: Reader, name: string, byDefault: string): string {
  const text = read.text(name) ?? byDefault
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    read.fault(name, `"${text}" is not a URL such as ${byDefault}`)
  }
  return text.replace(/\/+$/, '')
}
