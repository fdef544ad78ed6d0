// Makes docs/drawing-light.svg and docs/drawing-dark.svg: one message on its way through a real server.
//
//     a server with --inside <── polls and a stream of events, as clients have them
//           └── /inside/events ──> what happened to one message ──> the drawing
//
// Every number in it was measured: nothing is made up and nothing is moved. `node build/drawing.mjs --out DIR` writes it
// elsewhere, with what was recorded beside it, as drawing.json.

import { fork } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'

const NAMES = [
  'Ada',
  'Ben',
  'Chloé',
  'Dan',
  'Emmy',
  'Farid',
  'Grace',
  'Hugo',
  'Ines',
  'Jun',
  'Kofi',
  'Lena',
  'Mia',
  'Noor',
  'Omar',
  'Pia',
]
const SENDER = 'Eve'
const ROOM = 'lobby'

/** Messages before the one that is drawn: so the ring is in use, and the server is warm. */
const BEFORE = 60
const VERSION = JSON.parse(readFileSync('package.json', 'utf8')).version

const out = process.argv.includes('--out') ? process.argv[process.argv.indexOf('--out') + 1] : 'docs'
const recording = await record()
mkdirSync(out, { recursive: true })
for (const [name, colours] of Object.entries(coloursOf()))
  writeFileSync(join(out, `drawing-${name}.svg`), draw(recording, colours))
if (out !== 'docs') writeFileSync(join(out, 'drawing.json'), JSON.stringify(recording))

/** What happened to one message: times in milliseconds since it set out for the store. */
async function record() {
  const port = await freePort()
  const server = fork('lib/main.js', ['--port', String(port), '--host', '127.0.0.1', '--inside', '--quiet'])
  const url = `http://127.0.0.1:${port}`
  const ending = new AbortController()
  const agents = NAMES.map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
  try {
    await untilUp(url)
    const watched = { facts: [], scene: undefined }
    const readers = NAMES.map((name, i) => read(url, name, agents[i], ending.signal))
    await Promise.all(readers)
    void watch(url, watched, ending.signal)
    await until(() => watched.scene?.readers.filter(({ parked }) => parked).length === NAMES.length)
    for (let i = 0; i < BEFORE; i++) await say(url, `message ${i}`)
    await sleep(600)
    const { id } = await say(url, 'The kettle is on.')
    const told = () => watched.facts.filter((fact) => fact.kind === 'told' && fact.id === id)
    const parked = () => watched.facts.filter((fact) => fact.kind === 'parked' && fact.id === id)
    await until(() => told().length === NAMES.length && parked().length === NAMES.length)
    await until(() => watched.scene.readers.length === NAMES.length)
    const ring = watched.facts.find((fact) => fact.kind === 'ring' && fact.id === id)
    const sent = watched.facts.findLast((fact) => fact.kind === 'sent' && fact.at <= ring.at)
    const kept = watched.facts.find((fact) => fact.kind === 'kept' && fact.id === id)
    const after = (fact) => Math.round((fact.at - sent.at) * 1000) / 1000
    const nameOf = new Map(watched.scene.readers.map(({ reader, name }) => [reader, name]))
    const backAt = new Map(parked().map((fact) => [fact.reader, after(fact)]))
    return {
      id,
      first: ring.first,
      epoch: ring.epoch,
      size: watched.scene.ring,
      store: watched.scene.store,
      sender: SENDER,
      ring: after(ring),
      kept: after(kept),
      readers: told().map((fact) => ({
        name: nameOf.get(fact.reader),
        told: after(fact),
        parked: backAt.get(fact.reader),
        bytes: fact.bytes,
      })),
    }
  } finally {
    ending.abort()
    for (const agent of agents) agent.destroy()
    server.kill()
  }
}

/** Joins, and polls for ever; resolves when the first poll has been answered. */
async function read(url, username, agent, signal) {
  const { token } = await (await post(`${url}/join`, { room: ROOM, username })).json()
  const headers = { Authorization: `Bearer ${token}` }
  const poll = (since) =>
    new Promise((resolve, reject) => {
      get(`${url}/poll?room=${ROOM}&since=${since}`, { agent, headers }, (response) => {
        let text = ''
        response.on('data', (chunk) => (text += chunk))
        response.on('end', () => resolve(JSON.parse(text).next))
      }).on('error', reject)
    })
  const next = await poll('0')
  const go = async () => {
    let since = next
    while (!signal.aborted) since = await poll(since)
  }
  go().catch((error) => {
    if (!signal.aborted) throw error
  })
}

async function watch(url, watched, signal) {
  try {
    const response = await fetch(`${url}/inside/events`, { signal })
    let text = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop()
      for (const block of blocks) {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []
        if (event === 'facts') watched.facts.push(...JSON.parse(data).facts.flatMap(eachOf))
        if (event === 'scene') watched.scene = JSON.parse(data)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Readers that were given the same come as one fact, with the microseconds of each. */
function eachOf({ readers, after, ...fact }) {
  if (readers === undefined || after === undefined) return { readers, ...fact }
  return readers.map((reader, i) => ({ ...fact, reader, at: fact.at + after[i] / 1000 }))
}

async function say(url, text) {
  const { message } = await (await post(`${url}/send`, { room: ROOM, username: SENDER, text })).json()
  // As a person does, after all have heard what was said before.
  await sleep(35)
  return message
}

function post(url, body) {
  return fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
}

async function untilUp(url) {
  await until(async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok === true)
}

async function until(isSo) {
  const end = performance.now() + 15_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('the server did not do what is drawn within 15 s')
    await sleep(20)
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** As static/css/colours.css has them: an exercise book by day, a blackboard by night. */
function coloursOf() {
  const names = {
    paper: 'paper',
    grid: 'rule',
    ink: 'ink',
    quiet: 'pencil',
    blue: 'blue-ink',
    wash: 'blue-wash',
    margin: 'margin-red',
  }
  const css = readFileSync('static/css/colours.css', 'utf8')
  const told = /--told: light-dark\((#\w+), (#\w+)\)/.exec(readFileSync('static/inside/inside.css', 'utf8'))
  const pick = (side) =>
    Object.fromEntries([
      ...Object.entries(names).map(([name, as]) => [
        name,
        new RegExp(`--${as}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css)[side],
      ]),
      ['told', told[side]],
    ])
  return { light: pick(1), dark: pick(2) }
}

/** The drawing, 1200 by 700. */
function draw(recording, colours) {
  const { paper, grid, ink, quiet, blue, wash, margin, told } = colours
  const { id, first, epoch, size, store, sender, ring, kept, readers } = recording
  const order = readers.toSorted((a, b) => a.told - b.told)
  const last = order.at(-1)
  const end = Math.max(kept, ...readers.map(({ parked }) => parked)) * 1.04
  const c = { x: 720, y: 288, r: 134 }
  const halo = `stroke="${paper}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"`
  const text = (x, y, words, { fill = ink, size: px = 15, anchor = 'middle', weight = 400 } = {}) =>
    `<text x="${n(x)}" y="${n(y)}" fill="${fill}" font-size="${px}" text-anchor="${anchor}" font-weight="${weight}" ${px > 11 ? halo : ''}>${escaped(words)}</text>`
  const line = (x1, y1, x2, y2, stroke, more = '') =>
    `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${stroke}" ${more}/>`
  const at = (angle, radius) => ({ x: c.x + Math.cos(angle) * radius, y: c.y + Math.sin(angle) * radius })
  const slot = (one) => -Math.PI / 2 + (2 * Math.PI * ((one % size) + 0.5)) / size
  const parts = []
  for (let x = 0; x <= 1200; x += 24) parts.push(line(x, 0, x, 700, grid, 'stroke-opacity=".5"'))
  for (let y = 8; y <= 700; y += 24) parts.push(line(0, y, 1200, y, grid, 'stroke-opacity=".5"'))
  parts.push(line(96, 0, 96, 700, margin, 'stroke-width="1.5"'))
  // The ring, and what it holds.
  parts.push(`<circle cx="${c.x}" cy="${c.y}" r="${c.r}" fill="none" stroke="${paper}" stroke-width="22"/>`)
  for (const r of [c.r - 11, c.r + 11])
    parts.push(`<circle cx="${c.x}" cy="${c.y}" r="${r}" fill="none" stroke="${grid}" stroke-width="1.5"/>`)
  parts.push(arc(at(slot(first), c.r), at(slot(id), c.r), c.r, (id - first) / size > 0.5, wash, 20))
  for (let one = first; one <= id; one++) {
    const [a, b] = [at(slot(one), c.r - 7), at(slot(one), c.r + 7)]
    parts.push(line(a.x, a.y, b.x, b.y, one === id ? told : blue, `stroke-width="${one === id ? 3 : 1.2}"`))
  }
  const newest = at(slot(id), c.r + 11)
  // Each reader, its thread to the newest message, and its place in the order.
  const seats = order.map((reader, i) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * (i + 0.5)) / order.length
    return { ...reader, i, angle, ...at(angle, c.r + 84) }
  })
  for (const { x, y } of seats) {
    const bend = { x: ((x + newest.x) / 2) * 0.5 + c.x * 0.5, y: ((y + newest.y) / 2) * 0.5 + c.y * 0.5 }
    parts.push(
      `<path d="M${n(newest.x)} ${n(newest.y)}Q${n(bend.x)} ${n(bend.y)} ${n(x)} ${n(y)}" fill="none" stroke="${told}" stroke-opacity=".55" stroke-width="1.4"/>`,
    )
  }
  parts.push(text(c.x, c.y + 4, ROOM, { size: 30, weight: 650 }))
  parts.push(text(c.x, c.y + 28, `message ${id} of ${sender}`, { fill: quiet }))
  parts.push(text(c.x, c.y + 48, `epoch ${epoch}`, { fill: quiet, size: 13 }))
  for (const { x, y, i, angle, name, told: when } of seats) {
    parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="19" fill="${told}" fill-opacity=".22"/>`)
    parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="11" fill="${told}" stroke="${paper}" stroke-width="2"/>`)
    parts.push(text(x, y + 4, String(i + 1), { fill: paper, size: 11, weight: 700 }))
    const side = Math.cos(angle)
    const anchor = Math.abs(side) < 0.3 ? 'middle' : side > 0 ? 'start' : 'end'
    const [px, py] = [
      x + (anchor === 'middle' ? 0 : side > 0 ? 26 : -26),
      y + (anchor === 'middle' ? (y < c.y ? -40 : 36) : -1),
    ]
    parts.push(text(px, py, name, { anchor, weight: 600 }))
    parts.push(text(px, py + 16, `${ms(when)} ms`, { anchor, fill: quiet, size: 13 }))
  }
  // The way of the message into the ring.
  const box = { x: 262, y: c.y }
  parts.push(`<path d="M262 446V${box.y + 38}" stroke="${ink}" stroke-width="2" marker-end="url(#tip)" fill="none"/>`)
  parts.push(
    `<path d="M${box.x + 74} ${box.y}H${c.x - c.r - 14}" stroke="${ink}" stroke-width="2" stroke-dasharray="2 6" marker-end="url(#tip)" fill="none"/>`,
  )
  parts.push(
    `<rect x="${box.x - 70}" y="${box.y - 32}" width="140" height="64" rx="9" fill="${paper}" stroke="${ink}" stroke-width="2"/>`,
  )
  parts.push(
    text(box.x, box.y - 3, 'store', { size: 19, weight: 650 }),
    text(box.x, box.y + 18, store, { fill: quiet, size: 14 }),
  )
  parts.push(
    text(262, 474, sender, { size: 19, weight: 650 }),
    text(262, 494, 'sends at 0 ms', { fill: quiet, size: 14 }),
  )
  parts.push(text(352, box.y - 12, `${ms(ring)} ms`, { fill: quiet, size: 14, anchor: 'start' }))
  parts.push(text(124, 52, 'One message, as this server told it', { size: 24, weight: 650, anchor: 'start' }))
  parts.push(
    text(124, 78, `${order.length} parked polls answered within ${ms(last.told)} ms`, {
      fill: quiet,
      size: 16,
      anchor: 'start',
    }),
  )
  // The time line: every mark is a moment of the server's own clock.
  const x = (time) => 214 + (time / end) * 946
  const lanes = [
    ['in the ring', [ring], blue],
    ['answered', order.map((one) => one.told), told],
    ['parked again', order.map((one) => one.parked), blue],
  ]
  parts.push(`<rect x="97" y="566" width="1103" height="134" fill="${paper}" fill-opacity=".86"/>`)
  for (const [i, [name, times, colour]] of lanes.entries()) {
    const y = 594 + i * 27
    parts.push(
      text(202, y + 5, name, { anchor: 'end', fill: quiet, size: 14 }),
      line(214, y, 1160, y, grid, 'stroke-width="1.5"'),
    )
    for (const time of times) parts.push(line(x(time), y - 9, x(time), y + 9, colour, 'stroke-width="2.5"'))
  }
  const step = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20].find((one) => end / one <= 10) ?? 50
  for (let time = 0; time <= end; time += step)
    parts.push(text(x(time), 684, `${Number(time.toFixed(2))} ms`, { fill: quiet, size: 12 }))
  const title = `One message in ${ROOM}: ${order.length} readers answered within ${ms(last.told)} ms`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 700" role="img" aria-labelledby="t d" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif">
<title id="t">${escaped(title)}</title>
<desc id="d">Recorded from mini-chat ${VERSION} at work: ${escaped(sender)}’s message is in the ring after ${ms(ring)} ms. ${escaped(order.map(({ name, told: when }) => `${name} ${ms(when)} ms`).join(', '))}.</desc>
<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="${ink}"/></marker></defs>
<rect width="1200" height="700" rx="14" fill="${paper}"/>
${parts.join('\n')}
</svg>
`
}

function arc(a, b, r, isLarge, stroke, width) {
  return `<path d="M${n(a.x)} ${n(a.y)}A${r} ${r} 0 ${isLarge ? 1 : 0} 1 ${n(b.x)} ${n(b.y)}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`
}

function ms(time) {
  return time.toFixed(2)
}

function n(value) {
  return Number(value.toFixed(1))
}

function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
