/** The bytes of `text` in UTF-8. It must hold no lone surrogate, which JSON.stringify guarantees. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let at = bytes; at-- > 0; ) {
    const unit = text.charCodeAt(at)
    // A surrogate is half a character of four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}
