export type Stop = () => Promise<void>
export type Service = { readonly name: string; start(): Promise<Stop> }

/** Starts services in order, stops them in reverse. If one fails to start, those before it are stopped. */
export async function startAll(services: readonly Service[]): Promise<Stop> {
  const stops: Stop[] = []
  const stopAll: Stop = async () => {
    const failures: unknown[] = []
    for (const stop of stops.splice(0).reverse()) {
      await stop().catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0)
      throw new AggregateError(failures, 'some services did not stop cleanly')
  }
  try {
    for (const service of services) stops.push(await service.start())
    return stopAll
  } catch (cause) {
    await stopAll()
    throw cause
  }
}
