/** A country as facts hold it, by code, and as people read it, by name. */
export type Country = { readonly code: string; readonly name: string }

export const UNKNOWN = 'UNKNOWN'
export const UNKNOWN_COUNTRY: Country = { code: UNKNOWN, name: UNKNOWN }

const NAMES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** Texts come from strangers, so what is remembered has a bound. */
const REMEMBERED_MAX = 5_000
const remembered = new Map<string, Country>()

/**
 * The country of an ISO 3166 code in any letter case; an alias is the region that it stands for
 * (`UK` is `GB`). What is no code of a region that has a name is `UNKNOWN`.
 */
export function countryOf(text: string): Country {
  const known = remembered.get(text)
  if (known) return known
  const country = look(text.trim().toUpperCase())
  if (remembered.size >= REMEMBERED_MAX) remembered.clear()
  remembered.set(text, country)
  return country
}

function look(code: string): Country {
  if (!/^[A-Z]{2}$/.test(code)) return UNKNOWN_COUNTRY
  const region = new Intl.Locale(`und-${code}`).region
  if (region === undefined || region === 'ZZ') return UNKNOWN_COUNTRY
  const name = NAMES.of(region)
  return name === undefined ? UNKNOWN_COUNTRY : { code: region, name }
}

let codesByName: ReadonlyMap<string, string> | null = null

/** The code of a country that is named by code, alias or English name, in any letter case. */
export function countryNamed(text: string): string {
  const { code } = countryOf(text)
  if (code !== UNKNOWN) return code
  codesByName ??= new Map(allCountries().map(({ code, name }) => [name.toLowerCase(), code]))
  return codesByName.get(text.trim().toLowerCase()) ?? UNKNOWN
}

function allCountries(): readonly Country[] {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  return letters.flatMap((first) => letters.map((second) => look(first + second)))
}
