// One password for all. It comes as
//
//     Authorization: Basic     curl -u :secret                      the user's name does not matter
//     Authorization: Bearer    curl -H 'Authorization: Bearer secret'
//     a cookie                 the page, after POST /login
//     PASS secret              lines over TCP
//
// A session's token lets in too, because its owner has shown the password before. So `Authorization` is free for it.
//
// The cookie does not contain the password. It is the time when it ends, and an HMAC of that time under a key that is
// made slowly from the password (scrypt). So a stolen cookie is of no use elsewhere, and a password is hard to guess
// from it. The server remembers no cookie, a restart forgets none, and another password makes all of them worthless.

import { createHmac, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import { ChatError } from '../core/errors.js'
import { type Auth, type Authenticated, bearerOf, type Cookie, credentialsOf, type AuthRequest } from './auth.js'
import { Secret } from './secret.js'

/** A browser is asked again after this time. */
const COOKIE_SECONDS = 30 * 86_400

/** The form of a session's token: 128 random bits as base64url. */
const TOKEN = /^[\w-]{22}$/

const WRONG = 'this chat has a password, and this is not it: ask whoever runs it'
const PASSWORD: Authenticated = { identity: undefined, isSpent: true }
const OTHER: Authenticated = { identity: undefined, isSpent: false }

export type PasswordParts = {
  readonly password: string
  readonly clock: Clock
  /** Is this a session's token? */
  readonly isToken: (token: string) => boolean
}

export class Password implements Auth {
  readonly wants = 'this chat has a password: say PASS and the password first'
  readonly #secret: Secret
  readonly #clock: Clock
  readonly #isToken: PasswordParts['isToken']
  /** Has the password itself the form of a session's token? Then a token may be a guess. */
  readonly #isLikeToken: boolean
  readonly #key: Buffer
  /** A name of its own for each password: two chats on one machine share their cookies, whatever their ports. */
  readonly #name: string

  constructor({ password, clock, isToken }: PasswordParts) {
    this.#secret = new Secret(password, clock, WRONG)
    this.#clock = clock
    this.#isToken = isToken
    this.#isLikeToken = TOKEN.test(password)
    this.#key = scryptSync(password, 'mini-chat cookie 1', 32)
    this.#name = `mini_chat_${this.#sign('name').slice(0, 8)}`
  }

  authenticate({ address, header }: AuthRequest): Authenticated {
    if (this.#isCookie(header('cookie'))) return this.#isPassword(header('authorization')) ? PASSWORD : OTHER
    const given = header('authorization')
    if (given === undefined) throw this.#secret.refusal()
    const token = bearerOf(given)
    if (token !== undefined && this.#isToken(token)) return OTHER
    // The token of a session that is over, as all are after a restart. Counting it would make a class that comes back
    // too many wrong tries.
    if (token !== undefined && TOKEN.test(token) && !this.#isLikeToken) throw this.#secret.refusal()
    this.#secret.check(token ?? basicOf(given) ?? '', address)
    return PASSWORD
  }

  async pass(word: string, address: string): Promise<undefined> {
    this.#secret.check(word, address)
  }

  login(password: unknown, address: string): Cookie {
    if (typeof password !== 'string')
      throw new ChatError('bad_request', 'password is required: the password of this chat')
    this.#secret.check(password, address)
    const end = String(Math.floor(this.#clock.date() / 1000) + COOKIE_SECONDS)
    return { name: this.#name, value: `${end}.${this.#sign(end)}`, seconds: COOKIE_SECONDS }
  }

  /** Beside a good cookie, Basic is a try of the password, and anything else is a session's token. */
  #isPassword(authorization: string | undefined): boolean {
    return authorization !== undefined && bearerOf(authorization) === undefined
  }

  #isCookie(cookies: string | undefined): boolean {
    if (cookies === undefined) return false
    for (const cookie of cookies.split(';')) {
      const [name, value = ''] = cookie.trim().split('=', 2)
      if (name === this.#name && this.#isGood(value)) return true
    }
    return false
  }

  #isGood(value: string): boolean {
    const [end = '', mark = ''] = value.split('.', 2)
    if (!/^\d{1,12}$/.test(end) || Number(end) * 1000 <= this.#clock.date()) return false
    const right = Buffer.from(this.#sign(end))
    const given = Buffer.from(mark)
    return given.length === right.length && timingSafeEqual(given, right)
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url')
  }
}

/** The password of `Basic` (RFC 7617); undefined for anything else. */
function basicOf(authorization: string): string | undefined {
  const pair = credentialsOf(authorization, 'basic')
  if (pair === undefined || !/^[\w+/=-]*$/.test(pair)) return undefined
  const text = Buffer.from(pair, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : text.slice(colon + 1)
}
