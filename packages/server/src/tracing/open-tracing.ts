import type { Tracing, TracingSettings } from './port.ts'

/**
 * Null without settings: then nothing of OpenTelemetry is loaded.
 * @param role what this thread or process is for, as `service.name` says it behind `questline-`
 */
export async function openTracing(
  settings: TracingSettings | null,
  role: string,
): Promise<Tracing | null> {
  if (settings === null) return null
  const { createTracing } = await import('./create-tracing.ts')
  return createTracing(settings, role)
}
