/** The page to open after signing in, if it is a path of this site; "//host" or a full address gives "". */
export function ownPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/')) return ''
  return /^\/[/\\]/.test(wanted) ? '' : wanted
}
