// What a game installs: records events, keeps them through crashes and outages, and sends them until
// the server has them. Promises: what `purchase()` has stored is sent, an event is given up only with
// a reason that is told and counted, and nothing here throws into the game.
export {
  Client,
  type ClientOptions,
  createClient,
  type EventContext,
  type EventType,
  type Notices,
  type Recorded,
} from './client.ts'
export type * from './events.ts'
export type { Attention, Host, HttpRequest, HttpResponse, Machine } from './host.ts'
export type { DropReason } from './queue.ts'
export type { Session, SessionStart } from './session.ts'
export type { Settings } from './settings.ts'
export { memoryStorage } from './storage/memory.ts'
export type { EventStorage, OpenedQueue, QueueChange, StoredEvent } from './storage/storage.ts'
