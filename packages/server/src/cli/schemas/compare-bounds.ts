import type { Json } from './schema-files.ts'

type Found = { readonly bump: 'addition' | 'revision'; readonly what: string }

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const

/** Differences in what values a field takes, where the type stayed. */
export const compareBounds = (before: Json, after: Json): readonly Found[] => [
  ...LOWER.flatMap((word) => bound(before, after, word, Number.NEGATIVE_INFINITY, 1)),
  ...UPPER.flatMap((word) => bound(before, after, word, Number.POSITIVE_INFINITY, -1)),
  ...compareWords(before, after),
  ...comparePatterns(before, after),
]

/** `direction` 1: a greater bound takes less; -1: a smaller one does. */
function bound(
  before: Json,
  after: Json,
  word: string,
  open: number,
  direction: 1 | -1,
): readonly Found[] {
  const value = (schema: Json): number => (schema[word] === undefined ? open : Number(schema[word]))
  const [old, now] = [value(before), value(after)]
  if (old === now) return []
  const isNarrower = (now - old) * direction > 0
  const what = `${word} was ${shown(old)}, is ${shown(now)}`
  return [{ bump: isNarrower ? 'revision' : 'addition', what }]
}

const shown = (value: number): string => (Number.isFinite(value) ? String(value) : 'none')

/**
 * A closed list promises its readers that nothing else comes, so each change of it may break them.
 * An open one (`examples`, with any other text allowed) promises that something else may come.
 */
function compareWords(before: Json, after: Json): readonly Found[] {
  const isClosed = (schema: Json): boolean => Array.isArray(schema['enum'])
  if (isClosed(before) !== isClosed(after)) {
    const what = isClosed(after) ? 'takes only listed values' : 'takes other values than the listed'
    return [{ bump: 'revision', what }]
  }
  const [old, now] = [wordsOf(before), wordsOf(after)]
  const gone = old.filter((word) => !now.includes(word))
  const added = now.filter((word) => !old.includes(word))
  return [
    ...gone.map((word): Found => ({ bump: 'revision', what: `${word} is not listed any more` })),
    ...added.map(
      (word): Found => ({
        bump: isClosed(after) ? 'revision' : 'addition',
        what: `${word} is listed`,
      }),
    ),
  ]
}

const wordsOf = (schema: Json): readonly string[] => {
  const words = schema['enum'] ?? (schema['type'] === 'string' ? schema['examples'] : undefined)
  return Array.isArray(words) ? words.map((word) => JSON.stringify(word)) : []
}

/** Of two patterns nobody can tell which one takes more. */
function comparePatterns(before: Json, after: Json): readonly Found[] {
  return ['pattern', 'format'].flatMap((word): readonly Found[] => {
    const [old, now] = [before[word], after[word]]
    if (old === now) return []
    if (now === undefined && word === 'pattern')
      return [{ bump: 'addition', what: 'has no pattern' }]
    return [{ bump: 'revision', what: `${word} was ${old ?? 'none'}, is ${now ?? 'none'}` }]
  })
}
