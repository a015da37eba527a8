import { open } from 'node:fs/promises'

export type CsvWriter = {
  /** Waits for the disk when much is to be written. */
  write(rows: readonly (readonly string[])[]): Promise<void>
  close(): Promise<void>
}

const CHUNK_CHARS = 1 << 20

/** Writes a new CSV file that our own reader takes without a doubt about its structure. */
export async function createCsv(path: string, columns: readonly string[]): Promise<CsvWriter> {
  const file = await open(path, 'wx')
  let waiting = `${columns.join(',')}\n`
  const flush = async (): Promise<void> => {
    await file.writeFile(waiting)
    waiting = ''
  }
  return {
    async write(rows) {
      for (const cells of rows) {
        waiting += `${cells.map(quoted).join(',')}\n`
        if (waiting.length >= CHUNK_CHARS) await flush()
      }
    },
    async close() {
      await flush()
      await file.close()
    },
  }
}

/** A NUL, which a text of the log may hold and no CSV file, becomes U+FFFD. */
function quoted(cell: string): string {
  if (!/[",\r\n\0]/.test(cell)) return cell
  return `"${cell.replaceAll('\0', '\ufffd').replaceAll('"', '""')}"`
}
