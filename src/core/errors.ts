// Every way in which the chat says no. The code is for programs; the sentence tells a person what to do. Anything
// else that is thrown is a bug: a transport logs it whole and answers `internal`, no more.

export type Code =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden_origin'
  | 'forbidden_host'
  | 'not_joined'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'name_taken'
  | 'gone'
  | 'too_large'
  | 'unsupported_media_type'
  | 'key_reused'
  | 'rate_limited'
  | 'internal'
  | 'unavailable'
  | 'full'

/** The only error that is thrown on purpose. `retryAfter`: seconds after which another try may succeed. */
export class ChatError extends Error {
  readonly code: Code
  readonly retryAfter: number | undefined

  constructor(code: Code, sentence: string, retryAfter?: number) {
    super(sentence)
    this.name = 'ChatError'
    this.code = code
    this.retryAfter = retryAfter
  }
}

/** The system's error code, such as `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Does the system's error code say that the disk has no room? */
export function isFullDisk(code: string | undefined): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT'
}
