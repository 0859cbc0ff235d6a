/** What a key does on the desk. Keys typed into a field, or while a dialog is open, do nothing here. */
export type Command =
  | 'palette'
  | 'search'
  | 'new'
  | 'next'
  | 'previous'
  | 'open'
  | 'close'
  | 'keys'
  | 'units'
  | 'mute'
  | 'alert'
  | Offer

/** Offer the ticket to the unit of this rank. */
export type Offer = 'offer1' | 'offer2' | 'offer3'

/** The keys as they are shown in the help, in its order. Texts: desk.keys.<command>. */
export const KEYS: { command: Command | 'submit'; shown: string }[] = [
  { command: 'new', shown: 'N' },
  { command: 'submit', shown: 'Ctrl Enter' },
  { command: 'next', shown: 'J' },
  { command: 'previous', shown: 'K' },
  { command: 'open', shown: 'Enter' },
  { command: 'offer1', shown: '1' },
  { command: 'offer2', shown: '2' },
  { command: 'offer3', shown: '3' },
  { command: 'palette', shown: 'Ctrl K' },
  { command: 'search', shown: '/' },
  { command: 'alert', shown: 'A' },
  { command: 'units', shown: 'U' },
  { command: 'mute', shown: 'M' },
  { command: 'keys', shown: '?' },
  { command: 'close', shown: 'Esc' },
]

const PLAIN: Record<string, Command> = {
  n: 'new',
  j: 'next',
  k: 'previous',
  enter: 'open',
  '1': 'offer1',
  '2': 'offer2',
  '3': 'offer3',
  '/': 'search',
  '?': 'keys',
  u: 'units',
  m: 'mute',
  a: 'alert',
  escape: 'close',
}

type Press = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target' | 'defaultPrevented' | 'repeat' | 'isComposing'
>

/** The command of a key press, or null when the press belongs to what has the focus. */
export function commandOf(press: Press): Command | null {
  if (press.defaultPrevented || press.isComposing) return null
  const key = press.key.toLowerCase()
  if ((press.ctrlKey || press.metaKey) && !press.altKey) return key === 'k' ? 'palette' : null
  if (press.altKey || isTyping(press.target)) return null
  const command = PLAIN[key] ?? null
  if (command === 'open' && isPressable(press.target)) return null
  const moving = command === 'next' || command === 'previous'
  return press.repeat && !moving ? null : command
}

/** True for fields that take text or keys of their own. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

function isPressable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && ['BUTTON', 'A', 'SUMMARY'].includes(target.tagName)
}
