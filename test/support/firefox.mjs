#!/usr/bin/env node
// Starts Firefox for playwright-core, and stands between the two: the driver gives each context its colours by a command of
// WebDriver BiDi that Firefox's long-term release does not know yet, and would end there.
//
//     playwright-core ──> this ──> firefox          all of it passes, but for the answer "unknown command"
//                              <──                  to one of `NOT_NEEDED`, which becomes "done"
//
// FIREFOX_PATH says where Firefox is. Its arguments, and what it writes, are those of Firefox itself.

import { spawn } from 'node:child_process'
import process from 'node:process'
import { WebSocket, WebSocketServer } from 'ws'

const NOT_NEEDED = new Set(['emulation.setMediaFeaturesOverride'])
const LISTENING = /WebDriver BiDi listening on (ws:\/\/\S+)/

const firefox = spawn(process.env['FIREFOX_PATH'] ?? 'firefox', process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'pipe'],
})
firefox.on('exit', (code) => process.exit(code ?? 1))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => firefox.kill(signal))

const textOf = (data) => (Buffer.isBuffer(data) ? data.toString() : '')

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
let address = ''
server.on('connection', (driver) => {
  const browser = new WebSocket(`${address}/session`, { perMessageDeflate: false })
  const waiting = []
  const notNeeded = new Set()
  driver.on('message', (data) => {
    const text = textOf(data)
    const { id, method } = JSON.parse(text)
    if (NOT_NEEDED.has(method)) notNeeded.add(id)
    if (browser.readyState === WebSocket.OPEN) browser.send(text)
    else waiting.push(text)
  })
  browser.on('open', () => {
    for (const text of waiting) browser.send(text)
  })
  browser.on('message', (data) => {
    const text = textOf(data)
    // Most of what the browser says is long, and no error.
    const answer = notNeeded.size > 0 && text.includes('unknown command') ? JSON.parse(text) : {}
    const isNotNeeded = answer.type === 'error' && notNeeded.delete(answer.id)
    driver.send(isNotNeeded ? JSON.stringify({ type: 'success', id: answer.id, result: {} }) : text)
  })
  driver.on('close', () => browser.close())
  browser.on('close', () => driver.close())
  browser.on('error', () => driver.close())
})

let said = ''
firefox.stderr.setEncoding('utf8').on('data', (text) => {
  said += text
  const match = LISTENING.exec(said)
  if (address !== '' || match === null) process.stderr.write(text)
  else {
    address = match[1] ?? ''
    process.stderr.write(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}\n`)
  }
})
