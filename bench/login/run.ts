import {
  type Bench,
  type Figure,
  guestLogin,
  type Lab,
  type LoadResult,
  latencyNote,
  logInGuests,
  memoryFigure,
  pick,
  ratios,
  type Server,
  spread,
  takeTurns,
} from '../harness/harness.ts'
import { passwordFigures } from './password-logins.ts'

const CONNECTIONS = 64
const KNOWN_GUESTS = 2_000

export const loginBench: Bench = {
  name: 'login',
  question: 'What do logins cost, and do passwords slow anybody else down?',
  folder: import.meta.dirname,
  async measure(lab) {
    await using server = await lab.startServer('questline')
    const guests = await guestFigures(lab, server)
    const costs = lab.costs(server, guests.results)
    const passwords = await passwordFigures(lab)
    return [...guests.figures, ...memoryFigure('server memory, guests', costs), ...passwords]
  },
}

async function guestFigures(lab: Lab, server: Server) {
  // Random ids get a database of their own, so that all of its index is random.
  await using randomServer = await lab.startServer('random ids')
  await logInGuests(server.port, KNOWN_GUESTS)
  const logIn = (name: string, at: Server, userId: string) => () =>
    lab.load(name, at, guestLogin(userId, KNOWN_GUESTS), { connections: CONNECTIONS })
  await lab.warmUp(server, guestLogin('{uuid7}'), CONNECTIONS)
  await lab.warmUp(server, guestLogin('guest-{player}', KNOWN_GUESTS), CONNECTIONS)
  await lab.warmUp(randomServer, guestLogin('{uuid4}'), CONNECTIONS)
  const { first, random, repeated } = await takeTurns(lab.rounds, {
    first: logIn('first logins, ordered ids', server, '{uuid7}'),
    random: logIn('first logins, random ids', randomServer, '{uuid4}'),
    repeated: logIn('repeated logins', server, 'guest-{player}'),
  })
  const figure = (
    name: string,
    target: number,
    at: Server,
    loads: readonly LoadResult[],
  ): Figure => ({
    name,
    unit: '/s',
    ...spread(pick(loads, 'perSecond')),
    // On PostgreSQL each statement crosses a socket, so its rates are only reported.
    ...(lab.databases.kind === 'sqlite' ? { aim: { better: 'higher', target } } : {}),
    costs: lab.costs(at, loads),
    notes: [latencyNote(loads)],
  })
  const randomRatio = spread(ratios(pick(random, 'perSecond'), pick(first, 'perSecond')))
  const randomFigure = figure('first guest logins, random ids', 9_500, randomServer, random)
  return {
    results: [...first, ...repeated],
    figures: [
      figure('first guest logins, time-ordered ids', 9_500, server, first),
      {
        ...randomFigure,
        notes: [...randomFigure.notes, `${randomRatio.median.toFixed(2)} × of time-ordered ones`],
      },
      figure('repeated guest logins', 20_000, server, repeated),
    ],
  }
}
