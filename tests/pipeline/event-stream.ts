// A client of server-sent events that can be slow, resume and hang up.
import { type ClientRequest, type IncomingMessage, request } from 'node:http'

export type StreamEvent = {
  readonly id: string
  readonly event: string
  readonly data: Record<string, unknown>
}

export type EventStream = {
  readonly response: IncomingMessage
  /** Resolves once this many have come. */
  take(count: number): Promise<StreamEvent[]>
  /** All that has come, comments too. */
  text(): string
  /** Resolves when the server has ended it. */
  ended: Promise<void>
  close(): void
}

export async function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventStream> {
  let outgoing: ClientRequest | undefined
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing = request(url, { headers }, resolve)
    outgoing.on('error', reject)
    outgoing.end()
  })
  let text = ''
  const waiting = new Set<() => void>()
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    for (const look of waiting) look()
  })
  response.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => response.on('close', () => resolve()))
  return {
    response,
    text: () => text,
    take: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          const events = eventsOf(text)
          if (events.length < count) return
          waiting.delete(look)
          resolve(events)
        }
        waiting.add(look)
        look()
      }),
    ended,
    close: () => outgoing?.destroy(),
  }
}

/** As a browser reads them: an id stays until the next one. */
function eventsOf(text: string): StreamEvent[] {
  let id = ''
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const fields = new Map(
        block.split('\n').map((line): [string, string] => {
          const at = line.indexOf(': ')
          return [line.slice(0, at), line.slice(at + 2)]
        }),
      )
      id = fields.get('id') ?? id
      const data = fields.get('data')
      return data === undefined
        ? []
        : [{ id, event: fields.get('event') ?? '', data: JSON.parse(data) }]
    })
}
