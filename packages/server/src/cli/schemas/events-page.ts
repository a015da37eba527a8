import {
  CLIENT_FAMILIES,
  CONTENT_ENCODINGS,
  ENVELOPE,
  type EventFamily,
  LIMITS,
  SERVER_FAMILIES,
  VERDICT_CODES,
} from '@questline/contracts'
import { fieldRows, isOptional } from './field-rows.ts'

const KIB = 1_024
const { batchEventsMax, batchWireBytesMax, batchInflatedBytesMax, eventBytesMax } = LIMITS

const json = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const envelope = Object.entries(ENVELOPE)

/** What a family asks of the envelope otherwise than the others do. */
function envelopeNote(family: EventFamily): string {
  const { properties, anyOf } = family.schema as typeof family.schema & { anyOf?: unknown }
  const optional = envelope.flatMap(([name, field]) => {
    const own = properties[name]
    return own && isOptional(own) && !isOptional(field) && !(anyOf && name === 'player_id')
      ? [`\`${name}\` may be left out.`]
      : []
  })
  return [anyOf ? '`player_id` or `user-id` must be there.' : '', ...optional]
    .filter(Boolean)
    .join(' ')
}

function section(family: EventFamily): string {
  const { name, version, description, fields, example, kind } = family
  const rows = fieldRows(fields)
  return [
    `### ${name}`,
    `${description} Version \`${version}\`, [schema](../schemas/${name}.json).`,
    kind === 'client' ? envelopeNote(family) : '',
    rows.length === 0 ? '' : table(['Field', 'Type', '', 'What it is'], rows),
    json(example),
  ]
    .filter(Boolean)
    .join('\n\n')
}

const verdicts = Object.entries(VERDICT_CODES).map(([code, { status, title }]) => [
  `\`${code}\``,
  `\`${status}\``,
  title,
])

const INTRODUCTION = `<!-- Made from the catalogue by questline schemas --write. Change packages/contracts/src/events/, not this page. -->
# Events

Every kind of event is a *family*: its fields, limits, version and example are written once, in
\`packages/contracts/src/events/\`. This page, the JSON Schemas in [schemas](../schemas/README.md), the
server's validators and the SDK's types are made from there.

- **Sent** to \`POST /v1/events\` as \`{"events": […]}\`: at most ${batchEventsMax} events, ${batchWireBytesMax / KIB} KiB on the wire, ${batchInflatedBytesMax / KIB} KiB after ${CONTENT_ENCODINGS.map((name) => `\`${name}\``).join(', ')}, ${eventBytesMax / KIB} KiB an event. One install or one purchase alone goes to \`POST /v1/events/install\` or \`POST /v1/events/purchase\`.
- **Flat**: a family's own fields stand beside those of the envelope; \`properties\` takes whatever else a game knows.
- **A field that the family does not have** is kept with the event, which is accepted with \`unknown-field\`. Leave out what you do not know: \`null\` is not the same.
- **Text** is counted in Unicode code points, and has no NUL and no lone surrogate. **Whole numbers** are at most 2^53 − 1. **Money** is a whole number of micros: 4.99 is 4990000.

## The envelope`

const VERDICTS = `## What becomes of an event

Each event of a batch gets a verdict of its own: \`{event_id, status, code?, path?}\`. \`accepted\` means
that it is on disk, \`duplicate\` that it was before. \`conflict\` and \`rejected\` are final: the event is set
aside with its reason for whoever runs the server. Only \`retry\` is sent again. A status that you do not
know is final too.`

const RAW = `## The raw form

Imports and raw topics take \`init\`, \`match\` and \`in-app-purchase\` also without an envelope: \`event-type\`
names the family, \`time\` says when (whole seconds below 100,000,000,000, else milliseconds), \`user-id\` is
the player, and \`platform\` is any text of 1 to ${LIMITS.platformCharsMax} characters. Amounts are US dollars, unless an event
or its import (\`--currency\`) says otherwise. An event
that brings no \`event_id\` gets one from its place in the file, so that importing the file again counts nothing twice.`

const VERSIONS = `## Versions

A family's version is \`MODEL-REVISION-ADDITION\`. A check compares the catalogue with
\`schemas/released/\`, the schemas of the last release, and refuses a change whose version grew too little.

${table(
  ['Change', 'Grows'],
  [
    [
      'an optional field is added, a bound is widened, an open list of values gets one more',
      'addition',
    ],
    [
      'an optional field is removed, renamed or retyped, a bound or a pattern is narrowed, a value of a list is gone, a closed list changes, a required field becomes optional',
      'revision',
    ],
    [
      'a required field is added, removed or retyped, an optional one becomes required, a unit changes',
      'model',
    ],
  ],
)}`

const SERVER = `## What the server logs itself

These types are refused when a client sends them. The fields are those of the event's payload.`

/** The text of docs/events.md. */
export function eventsPage(): string {
  const head = ['Field', 'Type', '', 'What it is']
  const parts = [
    INTRODUCTION,
    table(head, [
      ['`event_type`', 'text', 'required', "The family's name."],
      ...fieldRows(ENVELOPE),
    ]),
    VERDICTS,
    table(['Code', 'Status', 'What it means'], verdicts),
    RAW,
    VERSIONS,
    '## What games send',
    ...Object.values(CLIENT_FAMILIES).map(section),
    SERVER,
    ...Object.values(SERVER_FAMILIES).map(section),
  ]
  return `${parts.join('\n\n')}\n`
}
