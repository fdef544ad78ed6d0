// Where this page was loaded from, so that it works below any path: `/` at home, `/chat/` behind a proxy.

const home = new URL('.', document.baseURI)

/** The beginning of API addresses, without a slash at the end. */
export const BASE = home.href.replace(/\/$/, '')

/** The name of this chat in storage and between tabs: another chat may have the same origin. */
export const PLACE = `mini-chat${home.pathname}`
