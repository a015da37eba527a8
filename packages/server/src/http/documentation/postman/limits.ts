import { TRACK } from '@questline/contracts'
import type { Folder } from './step.ts'

/** Three times what one address may do at once. What it may do again comes at ten a second. */
const REQUESTS = 150

/** Last of all, since the address stays limited for some seconds. */
export const LIMITS_FOLDER: Folder = {
  name: 'Limits',
  about: 'Needs a server with its limits on, as they are by default.',
  steps: [
    {
      name: 'Open more deeplinks than one address may',
      about: `After it a script sends ${REQUESTS} more at once; the limit must stop some of them.`,
      route: TRACK,
      after: [
        'const answers = []',
        'const judge = () => {',
        '  const refused = answers.filter(({ code }) => code === 429)',
        '  const served = answers.filter(({ code }) => code === 200)',
        "  pm.test('answers 429 too-many-requests', () => { pm.expect(refused.map((answer) => answer.json().code)).to.include('too-many-requests') })",
        "  pm.test('tells when to retry', () => { refused.forEach(({ headers }) => pm.expect(Number(headers.get('Retry-After'))).to.be.within(1, 60)) })",
        "  pm.test('lets the others through', () => { pm.expect(served.length + refused.length).to.equal(answers.length) })",
        '}',
        `for (let sent = 0; sent < ${REQUESTS}; sent += 1) {`,
        "  pm.sendRequest(pm.variables.replaceIn('{{baseUrl}}/track'), (error, answer) => {",
        '    answers.push(error ? { code: 0 } : answer)',
        `    if (answers.length === ${REQUESTS}) judge()`,
        '  })',
        '}',
      ],
    },
  ],
}
