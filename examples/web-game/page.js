// The page of the game: shows its state, and turns clicks into play.
import { createClient } from '@questline/sdk'
import { createPlayers } from '@questline/sdk/players'
import { indexedDbQueue } from '@questline/sdk/storage/indexeddb'
import { createGame, goalOf, ROUND_MS } from './play.js'

const { url, apiKey, appId } = globalThis.QUESTLINE
const element = (id) => document.getElementById(id)

const client = createClient({ url, apiKey, appId, appVersion: '1.0.0', storage: indexedDbQueue() })
const players = createPlayers({ url, storage: localStorage })
const game = createGame({ client, players, now: () => performance.now(), changed: render })

function render({ level, gems, coins, message }) {
  element('level').textContent = level
  element('gems').textContent = `${gems} / ${goalOf(level)}`
  element('coins').textContent = coins
  if (message) log(message)
}

function log(line) {
  const entry = document.createElement('div')
  entry.textContent = `${new Date().toLocaleTimeString()}  ${line}`
  element('log').prepend(entry)
}
client.on('sent', ({ event_type, status }) => log(`${event_type}: ${status}`))
client.on('rejected', ({ event_type, code, path }) => log(`${event_type}: ${code} ${path ?? ''}`))
client.on('dropped', ({ event_type, reason }) => log(`${event_type} was given up: ${reason}`))
client.on('error', ({ kind }) => log(`error: ${kind}`))

function showGem() {
  const gem = document.createElement('button')
  gem.className = 'gem'
  gem.textContent = '💎'
  gem.ariaLabel = 'a gem'
  gem.style.left = `${Math.random() * 90}%`
  gem.style.top = `${Math.random() * 82}%`
  gem.onclick = () => {
    gem.remove()
    game.collect()
  }
  element('field').append(gem)
  setTimeout(() => gem.remove(), 1_400)
}

element('start').onclick = () => {
  element('start').disabled = true
  game.start()
  const endsAt = performance.now() + ROUND_MS
  const ticking = setInterval(async () => {
    const left = endsAt - performance.now()
    element('time').textContent = Math.max(0, Math.ceil(left / 1_000))
    if (left > 0) return showGem()
    clearInterval(ticking)
    element('field').replaceChildren()
    await game.finish()
    element('start').disabled = false
  }, 550)
}
element('hat').onclick = () => game.buyHat()
element('pack').onclick = () => game.buyPack()

game.enter().catch((error) => log(`no login: ${error.code ?? error}`))
