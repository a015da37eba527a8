import type { Migration } from '../migrate.ts'

/**
 * Which books these are, by a random name that goes with every copy of them. What is restored from a copy
 * bears another name from its next offset on: other events may have been given that offset before.
 */
export const BOOKS_IDS: Migration = {
  number: 7,
  name: 'books-ids',
  step: 'expand',
  statements: ({ dialect, offset }) => [
    `CREATE TABLE books_ids (
      from_offset ${offset} PRIMARY KEY,
      books_id TEXT NOT NULL
    )`,
    `INSERT INTO books_ids (from_offset, books_id) VALUES (1, ${RANDOM[dialect]})`,
  ],
}

/** 64 bits. */
const RANDOM = {
  sqlite: 'lower(hex(randomblob(8)))',
  postgres: "right(replace(gen_random_uuid()::text, '-', ''), 16)",
} as const
