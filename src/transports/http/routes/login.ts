// POST /login: the page gives the password, and gets a cookie for it that says nothing about the password. A script
// cannot read the cookie, another site's page cannot send it, and over https it never travels without.

import { NO_CONTENT } from '../answer.js'
import { readFields, secretField } from '../fields.js'
import type { Route } from '../route.js'

export const login: Route = {
  method: 'POST',
  path: '/login',
  auth: 'open',
  handle(request, answer, { auth, base }) {
    const fields = readFields(request)
    if (auth?.login === undefined) return answer(NO_CONTENT)
    const { name, value, seconds } = auth.login(secretField(request, fields, 'password'), request.address)
    const parts = [`${name}=${value}`, `Path=${base}/`, `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Strict']
    if (request.isSecure) parts.push('Secure')
    answer({ ...NO_CONTENT, headers: [...NO_CONTENT.headers, 'Set-Cookie', parts.join('; ')] })
  },
}
