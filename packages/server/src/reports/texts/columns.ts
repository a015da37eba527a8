// Columns that outlive the reading of a file are in memory that all threads of a run see. Room that is not
// used costs no memory. V8 does not count it: it collects none sooner because there is much to collect, so
// that what is soon garbage belongs into arrays of its own.

export const createBytes = (length: number) => new Uint8Array(new SharedArrayBuffer(length))

export const createInt32s = (length: number) => new Int32Array(new SharedArrayBuffer(length * 4))

export const createUint32s = (length: number) => new Uint32Array(new SharedArrayBuffer(length * 4))

export const createFloat64s = (length: number) =>
  new Float64Array(new SharedArrayBuffer(length * 8))

type Column<Memory extends ArrayBufferLike> =
  | Uint8Array<Memory>
  | Int32Array<Memory>
  | Uint32Array<Memory>
  | Float64Array<Memory>

/** The same column, in memory of the same kind, with room for `needed` values and half as many more. */
export function grown<C extends Column<ArrayBuffer> | Column<SharedArrayBuffer>>(
  column: C,
  needed: number,
): C {
  const bytes = Math.ceil(needed * 1.5) * column.BYTES_PER_ELEMENT
  const isShared = column.buffer instanceof SharedArrayBuffer
  const memory = isShared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)
  const wider = new (column.constructor as new (memory: ArrayBufferLike) => C)(memory)
  wider.set(column)
  return wider
}
