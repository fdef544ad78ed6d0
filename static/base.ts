// Where this page was loaded from, so that it works below any path: `/` at home, `/chat/` behind a proxy.

const home = new URL('.', document.baseURI)

/** What API calls begin with, without a slash at the end. */
export const BASE = home.href.replace(/\/$/, '')

/** What sets this chat apart from another one of the same origin, in storage and between tabs. */
export const PLACE = `mini-chat${home.pathname}`
