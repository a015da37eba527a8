// A made-up game that plays through the real SDK and HTTP, with all that goes wrong on the way: lost
// connections, wrong clocks, requests that arrive twice, late and bad events. It keeps the exact truth
// by rules of its own, waits until the server has counted, and tells each number that is another.
export { NoAnswerError } from './ask-server.ts'
export type { Difference } from './figures.ts'
export { type GameTime, machineTime } from './game-time.ts'
export type { Fetch } from './network.ts'
export { simulateGame } from './play-game.ts'
export type {
  Progress,
  SimulationParts,
  SimulationResult,
  SimulationSettings,
} from './simulation.ts'
export type { DailyUsers } from './truth.ts'
export type { UsdRates } from './usd.ts'
