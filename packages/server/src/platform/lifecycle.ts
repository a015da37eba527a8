export type Stop = () => Promise<void>
export type Service = { readonly name: string; start(): Promise<Stop> }

/** Starts services in order, stops them in reverse. If one fails to start, those before it are stopped. */
export async function startAll(services: readonly Service[]): Promise<Stop> {
  const stops: Stop[] = []
  const stopEach = async (): Promise<unknown[]> => {
    const failures: unknown[] = []
    for (const stop of stops.splice(0).reverse()) {
      await Promise.try(stop).catch((error: unknown) => failures.push(error))
    }
    return failures
  }
  try {
    for (const service of services) stops.push(await service.start())
  } catch (cause) {
    // Why it did not start says more than what then went wrong.
    await stopEach()
    throw cause
  }
  return async () => {
    const failures = await stopEach()
    if (failures.length > 0)
      throw new AggregateError(failures, 'some services did not stop cleanly')
  }
}
