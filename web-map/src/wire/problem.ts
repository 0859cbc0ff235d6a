/** What the server says when it refuses. */

/** RFC 9457 problem details, as the server sends them. */
export interface Problem {
  type?: string
  title?: string
  status: number
  detail?: string
  code?: string
  errors?: FieldError[]
  [extra: string]: unknown
}

export interface FieldError {
  location: string
  message: string
  value?: unknown
}
