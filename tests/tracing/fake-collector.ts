// A collector of traces on a port of its own, which keeps the spans that come.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

export type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly service: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
}

type Sent = {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly { key: string; value: { stringValue?: string } }[]
    }
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<Span, 'service' | 'links'> & Partial<Pick<Span, 'links'>>)[]
    }[]
  }[]
}

export async function startCollector() {
  const spans: Span[] = []
  const paths = new Set<string>()
  const server = createServer(async (request, response) => {
    paths.add(`${request.method} ${request.url}`)
    const sent = (await json(request)) as Sent
    for (const { resource, scopeSpans } of sent.resourceSpans) {
      const named = resource.attributes.find(({ key }) => key === 'service.name')
      const service = named?.value.stringValue ?? ''
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({ ...span, service, links: span.links ?? [] })
      }
    }
    response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    spans: spans as readonly Span[],
    paths: paths as ReadonlySet<string>,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
