import type { Read, Tx } from './port.ts'
import { shared } from './statement.ts'

const READ = shared(
  'books-ids.read',
  'SELECT from_offset AS "from", books_id AS "id" FROM books_ids ORDER BY from_offset',
)
const BEGIN = shared(
  'books-ids.begin',
  `INSERT INTO books_ids (from_offset, books_id) VALUES ($1, $2)
  ON CONFLICT (from_offset) DO UPDATE SET books_id = excluded.books_id`,
)

/** What the books are called from an offset of the log on, until the next. */
export type BooksId = { readonly from: number; readonly id: string }

/** In the order of their offsets; the first is from 1 on. */
export const readBooksIds = (read: Read): Promise<readonly BooksId[]> => read(READ, [])

/** From `from` on the books are called otherwise. */
export const renameBooks = (tx: Tx, { from, id }: BooksId) => tx.run(BEGIN, [[from, id]])
