/** Milliseconds since the epoch as RFC 3339 in UTC, so that no setting of a zone changes it. */
export const timeCell = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace('.000Z', 'Z')
