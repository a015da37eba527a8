// Random shapes of a CSV file around given rows: separators, line ends, column orders, and the
// faults that a file can have as bytes.
import fc from 'fast-check'

/** What is wrong with one row as bytes, if anything. */
const QUIRKS = [
  ...['quoted', 'blank before', 'short', 'long', 'unclosed', 'text behind quote', 'bad byte'],
  ...['nul', 'line break', 'header again', 'literal quote'],
] as const
export type Quirk = 'none' | (typeof QUIRKS)[number]

export type RandomRow<Name extends string = string> = {
  readonly cells: Readonly<Record<Name, string>>
  readonly quirk: Quirk
}

export type Layout = {
  readonly delimiter: ',' | ';' | '\t'
  readonly lineEnd: '\n' | '\r\n' | '\r'
  readonly hasBom: boolean
  readonly isReversed: boolean
  /** A column that nobody needs, in front of or behind the others. */
  readonly extra: 'none' | 'first' | 'last'
  readonly names: 'plain' | 'upper' | 'spaced'
  readonly endsWithLineEnd: boolean
}

export const layout: fc.Arbitrary<Layout> = fc.record({
  delimiter: rarely(',', [';', '\t']),
  lineEnd: rarely('\n', ['\r\n', '\r']),
  hasBom: rarely(false, [true]),
  isReversed: rarely(false, [true]),
  extra: rarely('none', ['first', 'last']),
  names: rarely('plain', ['upper', 'spaced']),
  endsWithLineEnd: rarely(true, [false]),
})

/** Most files are sound: one fault of a quote changes how the whole file is read. */
export const quirks: fc.Arbitrary<readonly Quirk[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<readonly Quirk[]>([]) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom<Quirk>('none', 'none', ...QUIRKS), { maxLength: 12 }),
  },
)

function rarely<Value>(usual: Value, others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
}

export function writeFile(
  columns: readonly string[],
  rows: readonly RandomRow[],
  layout: Layout,
): Buffer {
  const ordered = layout.isReversed ? [...columns].reverse() : [...columns]
  const header = withExtra(
    ordered.map((name) => columnName(name, layout)),
    'Note',
    layout,
  )
  const headerLine = header.map((name) => cell(name, layout, false)).join(layout.delimiter)
  const parts = rows.flatMap((row) => {
    const cells = withExtra(
      ordered.map((name) => row.cells[name] ?? ''),
      'x',
      layout,
    )
    return writeRow(cells, row.quirk, headerLine, layout)
  })
  const end = Buffer.from(layout.lineEnd)
  const lines = [Buffer.from(headerLine), ...parts].flatMap((line) => [end, line]).slice(1)
  const bom = layout.hasBom ? [Buffer.from('\uFEFF')] : []
  return Buffer.concat([...bom, ...lines, ...(layout.endsWithLineEnd ? [end] : [])])
}

/** The lines of a row, without their line ends. */
function writeRow(
  cells: readonly string[],
  quirk: Quirk,
  headerLine: string,
  layout: Layout,
): Buffer[] {
  const join = (texts: readonly string[]): Buffer => Buffer.from(texts.join(layout.delimiter))
  const plain = cells.map((text) => cell(text, layout, quirk === 'quoted'))
  const [first = '', ...rest] = plain
  switch (quirk) {
    case 'blank before':
      return [Buffer.from(' '), Buffer.from(''), join(plain)]
    case 'short':
      return [join(plain.slice(0, -1))]
    case 'long':
      return [join([...plain, ''])]
    case 'unclosed':
      return [join([`"${cells[0] ?? ''}`, ...rest])]
    case 'text behind quote':
      return [join([`"${first.replaceAll('"', '')}"x`, ...rest])]
    case 'bad byte':
      return [Buffer.concat([Buffer.from([0xe9]), join(plain)])]
    case 'nul':
      return [join([`${first}\0`, ...rest])]
    case 'line break':
      return [join([cell(`${cells[0] ?? ''}${layout.lineEnd}`, layout, true), ...rest])]
    case 'header again':
      return [Buffer.from(headerLine), join(plain)]
    case 'literal quote':
      // In front of an empty cell it would be no literal quote, but an open one.
      return [join([`${first.replaceAll('"', '') || 'P1'}"`, ...rest])]
    default:
      return [join(plain)]
  }
}

function withExtra(cells: readonly string[], text: string, { extra }: Layout): readonly string[] {
  if (extra === 'first') return [text, ...cells]
  return extra === 'last' ? [...cells, text] : cells
}

function columnName(name: string, { names }: Layout): string {
  if (names === 'plain') return name
  return names === 'upper' ? name.toUpperCase() : ` ${name.replaceAll('_', ' ')} `
}

function cell(text: string, { delimiter }: Layout, isQuoted: boolean): string {
  const mustBe = text.includes(delimiter) || /["\r\n]/.test(text)
  // A cell that only holds a quote further on needs none: it is a character there.
  if (!isQuoted && !mustBe) return text
  return `"${text.replaceAll('"', '""')}"`
}
