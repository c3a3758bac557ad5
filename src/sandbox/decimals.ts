/** Scale in which amounts are multiplied and added: 8 decimals of a price times 5 of a quantity. */
const PRODUCT_DIGITS = 13

/** A decimal text as a whole number of 10^-digits; further decimals are cut off. Empty and unreadable text is 0. */
function scaled(text: string, digits: number): bigint {
  const found = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text.trim())
  if (found === null) return 0n
  const fraction = (found[3] ?? '').padEnd(digits, '0').slice(0, digits)
  const value = BigInt(`${found[2] ?? ''}${fraction}` || '0')
  return found[1] === '-' ? -value : value
}

/** The exact sum of price x quantity, rounded half up to cents, as Procurify shows totals: `"1250.50"`. */
export function totalOf(lines: readonly { readonly price: string; readonly quantity: string }[]): string {
  const exact = lines.reduce((sum, { price, quantity }) => sum + scaled(price, 8) * scaled(quantity, 5), 0n)
  const cent = 10n ** BigInt(PRODUCT_DIGITS - 2)
  const magnitude = ((exact < 0n ? -exact : exact) + cent / 2n) / cent
  const text = String(magnitude).padStart(3, '0')
  return `${exact < 0n && magnitude > 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`
}

/** The same number with exactly `digits` decimals, as the server stores and shows it: `"2.5"` -> `"2.50000"`. */
export function withDecimals(text: string, digits: number): string {
  const value = scaled(text, digits)
  const whole = String(value < 0n ? -value : value).padStart(digits + 1, '0')
  return `${value < 0n ? '-' : ''}${whole.slice(0, -digits)}.${whole.slice(-digits)}`
}

/** The sum of two decimal texts with five decimals, for received quantities. */
export function addQuantities(left: string, right: string): string {
  const sum = scaled(left, 5) + scaled(right, 5)
  const digits = String(sum < 0n ? -sum : sum).padStart(6, '0')
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -5)}.${digits.slice(-5)}`
}

export function isAtLeast(left: string, right: string): boolean {
  return scaled(left, 5) >= scaled(right, 5)
}
