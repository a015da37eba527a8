import { inOrder, type LakeFile } from './manifest.ts'

/**
 * So many neighbours of one level become one of the next, or as many as fill one: each event is
 * written two or three times in all.
 */
const NEIGHBOURS_MIN = 24
/**
 * What is longer is left as it is: merging serves readers that open many files, not this one. And as
 * long as it takes nothing new is written.
 */
const MERGED_ROWS_MAX = 1_000_000

/**
 * Files that should be one: neighbours in a day, so that no merged file spans the offsets of another.
 * @param all every day that has more than one file, not only those with many of a level or full ones
 */
export function mergesOf(
  files: readonly LakeFile[],
  all: boolean,
): readonly (readonly LakeFile[])[] {
  const merges: LakeFile[][] = []
  for (const day of daysOf(files)) {
    let run: LakeFile[] = []
    const end = (isFull: boolean) => {
      if (run.length > 1 && (all || isFull)) merges.push(run)
      run = []
    }
    for (const file of day) {
      const [begin] = run
      const rows = run.reduce((sum, { rows }) => sum + rows, file.rows)
      if (begin && !all && begin.level !== file.level) end(false)
      else if (rows > MERGED_ROWS_MAX) end(true)
      run.push(file)
      if (!all && run.length === NEIGHBOURS_MIN) end(true)
    }
    end(false)
  }
  return merges
}

function daysOf(files: readonly LakeFile[]): Iterable<readonly LakeFile[]> {
  const days = new Map<string, LakeFile[]>()
  for (const file of inOrder(files)) {
    const key = `${file.topic} ${file.date}`
    const day = days.get(key)
    if (day) day.push(file)
    else days.set(key, [file])
  }
  return days.values()
}
