import { ApiError } from '../api'

/** What is wrong with which field, by its name without "body." ("reporter.phone"); empty when no field is named. */
export function faultsOf(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {}
  const faults: Record<string, string> = {}
  for (const { location, message } of error.errors) {
    const field = location.replace(/^body\.?/, '')
    faults[field] ??= message
  }
  return faults
}
