// Columns are in memory that all threads of a run see. Room that is not used costs no memory.

export const createBytes = (length: number) => new Uint8Array(new SharedArrayBuffer(length))

export const createInt32s = (length: number) => new Int32Array(new SharedArrayBuffer(length * 4))

export const createUint32s = (length: number) => new Uint32Array(new SharedArrayBuffer(length * 4))

export const createFloat64s = (length: number) =>
  new Float64Array(new SharedArrayBuffer(length * 8))

type Shared = SharedArrayBuffer
type Column = Uint8Array<Shared> | Int32Array<Shared> | Uint32Array<Shared> | Float64Array<Shared>

/** The same column with room for `needed` values and half as many more. */
export function grown<C extends Column>(column: C, needed: number): C {
  const room = Math.ceil(needed * 1.5)
  const wider = new (column.constructor as new (memory: Shared) => C)(
    new SharedArrayBuffer(room * column.BYTES_PER_ELEMENT),
  )
  wider.set(column)
  return wider
}
