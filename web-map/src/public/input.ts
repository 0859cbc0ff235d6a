/** What people type or paste as number and code, put into the form the server knows. */

/** Ticket numbers, with any dash and with spaces: "12313-36-20261122-000123-7". */
const NUMBER = /12313\s*-\s*\d{2}\s*-\s*\d{8}\s*-\s*\d{6,9}\s*-\s*\d/
const CODE_LENGTH = 8
/** Letters and digits that codes are made of: none that sound or look alike. */
const CODE = /^[2-9A-HJKMNP-Z]{8}$/

/** Full-width characters and the many dashes of input methods as plain ASCII. */
function narrow(text: string): string {
  return text.normalize('NFKC').replace(/[‐‑‒–—―−ー]/g, '-')
}

export function numberOf(text: string): string {
  const plain = narrow(text)
  return (NUMBER.exec(plain)?.[0] ?? plain).replace(/\s+/g, '')
}

export function codeOf(text: string): string {
  return narrow(text)
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .slice(0, CODE_LENGTH)
}

/** The code in two groups, as it is read out: "8F3K-27QD". */
export function grouped(code: string): string {
  return code.length > 4 ? `${code.slice(0, 4)}-${code.slice(4)}` : code
}

/** Number and code out of one pasted text that holds both, such as a message; null when it does not. */
export function pairOf(text: string): { number: string; code: string } | null {
  const plain = narrow(text)
  const number = NUMBER.exec(plain)
  if (!number) return null
  const rest = plain.slice(0, number.index) + ' ' + plain.slice(number.index + number[0].length)
  const words = rest.toUpperCase().match(/[0-9A-Z]{4}-?[0-9A-Z]{4}/g) ?? []
  const code = words.map((w) => w.replace('-', '')).find((w) => CODE.test(w))
  return code ? { number: numberOf(number[0]), code } : null
}
