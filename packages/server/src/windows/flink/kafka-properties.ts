import type { KafkaSecurity } from '../../platform/platform.ts'

/** The connector brings Kafka's client under names of its own. */
const SECURITY = 'org.apache.flink.kafka.shaded.org.apache.kafka.common.security'

/** The same for Kafka's Java client, whose properties the connector takes. */
export function kafkaProperties({ tls, sasl }: KafkaSecurity): Readonly<Record<string, string>> {
  if (tls === null && sasl === null) return {}
  const transport = tls === null ? 'PLAINTEXT' : 'SSL'
  return {
    'security.protocol': sasl === null ? transport : `SASL_${transport}`,
    ...(tls === null || tls.ca === null
      ? {}
      : { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': tls.ca }),
    ...(tls === null || tls.cert === null || tls.key === null
      ? {}
      : {
          'ssl.keystore.type': 'PEM',
          'ssl.keystore.certificate.chain': tls.cert,
          'ssl.keystore.key': tls.key,
        }),
    ...(sasl === null ? {} : { 'sasl.mechanism': sasl.mechanism, 'sasl.jaas.config': login(sasl) }),
  }
}

function login({ mechanism, username, password }: NonNullable<KafkaSecurity['sasl']>): string {
  const module = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule'
  return `${SECURITY}.${module} required username=${javaText(username)} password=${javaText(password)};`
}

const javaText = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
