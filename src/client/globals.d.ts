// The globals that browsers and Node both have. The client uses no others, so that it runs in both.

interface AbortSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

declare class AbortController {
  readonly signal: AbortSignal
  abort(): void
}

interface Response {
  readonly status: number
  readonly ok: boolean
  readonly headers: { get(name: string): string | null }
  json(): Promise<unknown>
}

interface RequestInit {
  method?: string
  headers?: Record<string, string>
  body?: string
  signal?: AbortSignal
  cache?: 'no-store'
}

declare function fetch(url: string, init?: RequestInit): Promise<Response>
declare function setTimeout(call: () => void, ms: number): unknown
declare function clearTimeout(timer: unknown): void
declare function btoa(latin1: string): string
declare class TextEncoder {
  encode(text: string): Uint8Array
}
declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array }
