/** Foreign text on one line of a terminal: control characters could move the cursor or colour what follows. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}
