import { describe, expect, it } from 'vitest'
import { foreignName, html } from './html.ts'

describe('html', () => {
  it('escapes text in elements and in attributes, and what is HTML not again', () => {
    const name = `<b title="x">&'`
    const inner = html`<i title="${name}">${name}</i>`
    const escaped = "&lt;b title=&#34;x&#34;&gt;&amp;'"
    expect(inner.html).toBe(`<i title="${escaped}">${escaped}</i>`)
    expect(html`<p>${[inner, inner]}${7}</p>`.html).toBe(`<p>${inner.html}${inner.html}7</p>`)
  })

  it('shows control characters as what they are: no text', () => {
    expect(html`${'a\0b\u001b[31m\u0085c\td'}`.html).toBe('a\ufffdb\ufffd[31m\ufffdc\td')
  })
})

describe('a foreign name', () => {
  it('stands apart from the direction of the text around it', () => {
    expect(foreignName('\u202Eeman').html).toBe('<bdi>\u202Eeman</bdi>')
  })

  it('of 80 characters stays whole, also where each takes two units', () => {
    expect(foreignName('🎱'.repeat(80)).html).toBe(`<bdi>${'🎱'.repeat(80)}</bdi>`)
  })

  it('of 81 characters loses its middle, and no half of a character is left', () => {
    const expected = `${'🎱'.repeat(56)}…${'🎱'.repeat(22)}z`
    expect(foreignName(`${'🎱'.repeat(80)}z`).html).toBe(`<bdi>${expected}</bdi>`)
  })
})
