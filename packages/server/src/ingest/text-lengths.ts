import { _, type Ajv, type KeywordCxt } from 'ajv'

/**
 * `minLength` and `maxLength` as the schema counts, in characters. Ajv goes through every text for
 * that, which takes half of the time of an event's check; here its length in UTF-16 decides wherever
 * it can, since a character has one unit or two.
 */
export function countFewTexts(ajv: Ajv): void {
  for (const keyword of ['minLength', 'maxLength']) {
    ajv.removeKeyword(keyword)
    ajv.addKeyword({ keyword, type: 'string', schemaType: 'number', code: checkLength })
  }
}

function checkLength(cxt: KeywordCxt): void {
  const { keyword, gen, data } = cxt
  const limit = Number(cxt.schema)
  const count = gen.scopeValue('func', { ref: charactersOf })
  if (keyword === 'minLength') {
    cxt.fail(_`${data}.length < ${limit * 2} && ${count}(${data}) < ${limit}`)
  } else {
    const isFar = _`${data}.length > ${limit * 2}`
    cxt.fail(_`${data}.length > ${limit} && (${isFar} || ${count}(${data}) > ${limit})`)
  }
}

const charactersOf = (text: string): number => Array.from(text).length
