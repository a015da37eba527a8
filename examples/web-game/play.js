// The game without its page: rounds, the shop, and what it tells Questline about them.

/** A round takes so long; each level needs more gems. */
export const ROUND_MS = 20_000
export const goalOf = (level) => 6 + 2 * level
const HAT_COINS = 20
const PACK = { product_id: 'coins_100', quantity: 1, amount_micros: 4_990_000, currency: 'EUR' }
const PACK_COINS = 100

/**
 * `client` is the SDK's, `players` those of `@questline/sdk/players`; `now` reads milliseconds.
 * `changed` is called whenever something shows.
 */
export function createGame({ client, players, now, changed }) {
  const state = { level: 1, gems: 0, coins: 0, hats: 0, startedAt: 0, attempt: 0, message: '' }

  const show = (changes) => {
    Object.assign(state, changes)
    changed(state)
  }

  /** Logs the device's guest in, and finishes what an earlier visit left open. */
  async function enter() {
    client.session.start({ language: globalThis.navigator?.language })
    const userId = await players.login()
    client.setPlayer(userId)
    const open = await players.resume()
    show({
      coins: await players.balance(),
      message: open.length ? 'An open payment was finished.' : '',
    })
  }

  function start() {
    show({ gems: 0, startedAt: now(), attempt: state.attempt + 1, message: '' })
    client.track('progression', { status: 'start', level: state.level, attempt: state.attempt })
  }

  const isRunning = () => state.startedAt > 0

  function collect() {
    if (isRunning()) show({ gems: state.gems + 1 })
  }

  /** Ends the round; whoever has enough gems is paid one coin for each. */
  async function finish() {
    if (!isRunning()) return
    const { level, gems, attempt, startedAt } = state
    const won = gems >= goalOf(level)
    const round = { level, attempt, score: gems, duration_ms: Math.round(now() - startedAt) }
    show({ startedAt: 0 })
    client.track('progression', { status: won ? 'complete' : 'fail', ...round })
    if (!won) return show({ message: `${goalOf(level)} gems were needed.` })
    show({ level: level + 1, attempt: 0, message: `Level ${level} done!` })
    await move('source', gems, `level ${level}`)
  }

  const buyHat = async () => {
    if (await move('sink', HAT_COINS, 'hat')) show({ hats: state.hats + 1, message: 'Nice hat!' })
  }

  /** Pretends that the store was paid. A real game asks the store, and its own server pays the coins. */
  async function buyPack() {
    const transaction_id = crypto.randomUUID()
    const { stored } = await client.purchase({ ...PACK, store: 'pretended', transaction_id })
    if (stored) await move('source', PACK_COINS, 'coins_100')
  }

  /** Moves coins on the server; true once that is done. */
  async function move(flow, amount, reason) {
    try {
      const movement = { amount, reason }
      const moved = await (flow === 'sink' ? players.spend(movement) : players.earn(movement))
      client.track('economy', { flow, resource: 'coins', amount, reason, balance: moved.balance })
      show({ coins: moved.balance })
      return true
    } catch (error) {
      const reasons = {
        'insufficient-funds': 'Not enough coins.',
        unreachable: 'The server cannot be reached; it is finished at the next visit.',
      }
      show({ message: reasons[error.code] ?? `It was refused: ${error.code ?? error}` })
      return false
    }
  }

  return { state, enter, start, collect, finish, buyHat, buyPack }
}
