/** Why a row went to `rejected_rows.csv`, in words for whoever made the file. */
export const REJECT_REASONS = {
  'line-too-long': 'The line is longer than a mebibyte.',
  'nul-byte': 'The line holds a NUL byte.',
  'invalid-utf8': 'The line holds bytes that are no UTF-8.',
  'quote-fault': 'A quote is opened and not closed properly.',
  'wrong-cell-count': 'The line has more or fewer cells than the header.',
  'empty-appsflyer-id': 'The player is missing.',
  'empty-user-id': 'The user is missing.',
  'unreadable-time': 'The time is none that can be read.',
  'unreadable-date': 'The date is none that can be read.',
  'unreadable-money': 'The amount is none that can be read.',
  'currency-without-rate': 'The amount is in a currency for which there is no rate to US dollars.',
  'ambiguous-number': 'Nothing in the column tells what the comma of an amount like 1,234 means.',
  'money-out-of-range': 'The amount is a billion or more.',
} as const satisfies Readonly<Record<string, string>>

/** Why a readable row does not count. */
export const FILTER_REASONS = {
  'not-success': 'The status is not success.',
  'not-a-purchase': 'The event is neither purchase nor af_purchase.',
  chargeback: 'The row takes a purchase back.',
  'false-success':
    'The amount is not above 0, or the receipt is of a kind that is set to be ignored.',
} as const satisfies Readonly<Record<string, string>>
