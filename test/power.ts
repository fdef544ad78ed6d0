// Takes the power from a server's disk, thousands of times: `npm run torture -- --power` (3,000 cuts; `--power 200` for
// fewer). The server itself runs under strace; what its system calls would have left on the disk is worked out from the
// record of them (support/powerdisk.ts), and a journal is opened on that.
//
//     start, send, kill -9 ──> start, send, kill -9 ──> start, send, stop        three lives, in one folder
//                    │                      │
//                    └── or a power cut: the next life begins with what that left
//
//     of each life     every sync, at its beginning and its end, and moments between: there the power goes
//     after each cut   the journal starts without a repair, holds every message that was promised and no other, each as it
//                      was sent, ids dense; it takes two more, and a second start has those too
//
// Promised is, with every `--sync`, what a sync has covered that had returned; with `always` what was acknowledged; with
// `everysec` what was acknowledged two seconds before. What a server has let go of for `--keep-bytes` is not.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from '../src/core/rooms/message.js'
import { systemClock, systemRandom } from '../src/platform.js'
import { type Journal, openJournal } from '../src/stores/journal.js'
import { endOfRecord, messageOf, placeOf } from '../src/stores/journal/record.js'
import type { Sync } from '../src/stores/journal/segment-writer.js'
import { startChild } from './support/child.js'
import { File, PowerDisk, type Waiting } from './support/powerdisk.js'
import { chanceFrom } from './support/random.js'
import { type Call, CALLS, replay } from './support/strace.js'

export type PowerCuts = {
  readonly seed: number
  readonly cuts: number
  readonly lives: number
  /** Messages that were acknowledged in all lives. */
  readonly acknowledged: number
  /** Starts that wanted a repair. */
  readonly refused: number
  readonly lost: number
  /** Messages that were not sent, or were sent differently. */
  readonly changed: number
  readonly disorder: number
  /** What went wrong first, in words. */
  readonly faults: readonly string[]
}

export type PowerOptions = {
  readonly cuts: number
  readonly seed: number
  readonly syncs?: readonly Sync[]
  readonly onCut?: (cut: number) => void
}

const ROOMS = ['lobby', 'den']
const LIVES = 3
const CUTS_A_CHAIN = 150
const SENDERS = 6
/** Small segments, so that one begins and one goes all the time; and larger ones, in which more lives meet. */
const KEEPS = ['128kb', '4mb']

type Chance = () => number
type Tally = {
  cuts: number
  lives: number
  acknowledged: number
  refused: number
  lost: number
  changed: number
  disorder: number
}

export async function cutPower({
  cuts,
  seed,
  syncs = ['always', 'everysec', 'never'],
  onCut,
}: PowerOptions): Promise<PowerCuts> {
  const chance = chanceFrom(seed)
  const tally: Tally = { cuts: 0, lives: 0, acknowledged: 0, refused: 0, lost: 0, changed: 0, disorder: 0 }
  const faults: string[] = []
  const chains = Math.max(1, Math.round(cuts / syncs.length / CUTS_A_CHAIN))
  for (let chain = 0; chain < chains; chain++) {
    for (const [i, sync] of syncs.entries()) {
      const left = chains * syncs.length - (chain * syncs.length + i)
      const share = Math.ceil((cuts - tally.cuts) / left)
      const found = await runChain({ sync, cuts: share, chance, tally, onCut })
      faults.push(...found.map((fault) => `${sync}: ${fault}`))
    }
  }
  return { seed, ...tally, faults: faults.slice(0, 10) }
}

type Chain = {
  readonly sync: Sync
  readonly cuts: number
  readonly chance: Chance
  readonly tally: Tally
  readonly onCut: ((cut: number) => void) | undefined
}

/** Three lives in one folder, and the cuts of each. Answers what went wrong. */
async function runChain({ sync, cuts, chance, tally, onCut }: Chain): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-power-'))
  const data = join(folder, 'chat')
  const faults: string[] = []
  const keep = KEEPS[Math.floor(chance() * KEEPS.length)] ?? ''
  let [disk, ledger] = [new PowerDisk(), new Ledger(sync)]
  mkdirSync(data)
  try {
    for (let life = 0; life < LIVES; life++) {
      const recorded = await recordLife({ data, trace: join(folder, `trace-${life}`), sync, life, keep, chance }).catch(
        (error: unknown) => {
          tally.refused++
          faults.push(`a server did not start: ${String(error)}`)
        },
      )
      if (recorded === undefined) break
      const trace = recorded
      tally.lives++
      const points = pointsOf(trace, data)
      // With a power cut at the end, what comes behind it never was.
      const end = life < LIVES - 1 && chance() < 0.6 ? Math.floor(points.length * (0.5 + chance() / 2)) : points.length
      const chosen = choose(points.slice(0, end), Math.ceil(cuts / LIVES), chance)
      const states: { state: Map<string, Buffer>; expected: Expected }[] = []
      play({ trace, data, disk, ledger, end }, (point) => {
        for (let n = chosen.get(point) ?? 0; n > 0; n--)
          states.push({ state: disk.cut(chance), expected: ledger.expected() })
        if (point === end - 1 && end < points.length)
          states.push({ state: disk.cut(chance), expected: ledger.expected() })
      })
      for (const { state, expected } of states) {
        const found = await check(state, expected, sync, tally)
        tally.cuts++
        onCut?.(tally.cuts)
        faults.push(...found)
      }
      tally.acknowledged += ledger.acknowledgedNow()
      const left = states.at(-1)
      if (end === points.length || left === undefined) {
        // A write that the kill came before is nowhere, and the next life writes in its place.
        ledger.never(disk.settle((name) => readIfThere(join(data, name))))
        continue
      }
      rmSync(data, { recursive: true })
      mkdirSync(data)
      ;[disk, ledger] = [new PowerDisk(), new Ledger(sync)]
      for (const [name, bytes] of left.state) {
        writeFileSync(join(data, name), bytes)
        disk.put(name, bytes)
        ledger.found(name, bytes, disk)
      }
    }
    return faults
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What a journal must hold, by what the system calls say so far. */
class Ledger {
  readonly #sync: Sync
  /** Every message that was written, as JSON, by its text; and what of it waits in which file. */
  readonly #written = new Map<
    string,
    { readonly json: string; readonly file: File; readonly waiting: Waiting | undefined }
  >()
  readonly #onDisk = new Set<string>()
  readonly #acknowledged = new Map<string, number>()
  readonly #gone = new Set<File>()
  #now = 0
  #counted = 0

  constructor(sync: Sync) {
    this.#sync = sync
  }

  /** A file that was there at the beginning. */
  found(name: string, bytes: Buffer, disk: PowerDisk): void {
    const file = disk.file(name)
    if (file === undefined || !name.endsWith('.log')) return
    for (const message of messagesIn(bytes)) {
      this.#written.set(message.text, { json: JSON.stringify(message), file, waiting: undefined })
      this.#onDisk.add(message.text)
    }
  }

  at(now: number): void {
    this.#now = now
  }

  wrote(file: File | undefined, bytes: Buffer, waiting: Waiting): void {
    if (file === undefined) return
    for (const message of messagesIn(bytes))
      this.#written.set(message.text, { json: JSON.stringify(message), file, waiting })
  }

  synced(file: File | undefined): void {
    const waiting = new Set<Waiting>(file?.waiting)
    for (const [text, one] of this.#written) {
      if (one.file === file && (one.waiting === undefined || !waiting.has(one.waiting))) this.#onDisk.add(text)
    }
  }

  unlinked(file: File | undefined): void {
    if (file !== undefined) this.#gone.add(file)
  }

  /** What was begun and never came to be. */
  never(changes: ReadonlySet<Waiting>): void {
    for (const [text, { waiting }] of this.#written)
      if (waiting !== undefined && changes.has(waiting)) this.#written.delete(text)
  }

  acknowledged(text: string): void {
    this.#acknowledged.set(text, this.#now)
  }

  /** How many were acknowledged since this was asked last. */
  acknowledgedNow(): number {
    const now = this.#acknowledged.size - this.#counted
    this.#counted = this.#acknowledged.size
    return now
  }

  expected(): Expected {
    const promised: string[] = []
    const written = new Map<string, string>()
    for (const [text, { json, file }] of this.#written) {
      written.set(text, json)
      const at = this.#acknowledged.get(text) ?? Infinity
      const isDue = this.#sync === 'always' ? at < Infinity : this.#sync === 'everysec' && at + 2 <= this.#now
      if (!this.#gone.has(file) && (isDue || this.#onDisk.has(text))) promised.push(text)
    }
    return { promised, written }
  }
}

/** `written`: every message that may be there, as JSON, by its text. */
type Expected = { readonly promised: readonly string[]; readonly written: ReadonlyMap<string, string> }

function messagesIn(bytes: Buffer): Message[] {
  const messages: Message[] = []
  for (let start = 0; ;) {
    const end = endOfRecord(bytes, start, bytes.length)
    if (end <= 0) return messages
    if (placeOf(bytes, start, end) !== undefined) messages.push(messageOf(bytes, start, end))
    start = end
  }
}

/** Of each moment at which the power may go: is it one of a sync? */
function pointsOf(trace: string, data: string): boolean[] {
  const points: boolean[] = []
  replay(trace, (call) => {
    if (!concerns(call, data) && acknowledgedIn(call).length === 0) return undefined
    const isSync = call.name === 'fsync' || call.name === 'fdatasync'
    points.push(isSync)
    return () => void points.push(isSync)
  })
  return points
}

/** How often the power goes at which moment: at every sync as long as there are cuts, then anywhere. */
function choose(points: readonly boolean[], cuts: number, chance: Chance): Map<number, number> {
  const chosen = new Map<number, number>()
  const syncs = [...points.keys()].filter((i) => points[i])
  for (let i = syncs.length - 1; i > 0; i--) {
    const j = Math.floor(chance() * (i + 1))
    ;[syncs[i], syncs[j]] = [syncs[j] ?? 0, syncs[i] ?? 0]
  }
  for (let cut = 0; cut < cuts && points.length > 0; cut++) {
    const point =
      cut % 3 === 2 ? Math.floor(chance() * points.length) : (syncs[cut] ?? Math.floor(chance() * points.length))
    chosen.set(point, (chosen.get(point) ?? 0) + 1)
  }
  return chosen
}

type Played = {
  readonly trace: string
  readonly data: string
  readonly disk: PowerDisk
  readonly ledger: Ledger
  readonly end: number
}

/** Does to the disk what the calls did, and tells of each moment. */
function play({ trace, data, disk, ledger, end }: Played, onPoint: (point: number) => void): void {
  let point = 0
  replay(trace, (call) => {
    const texts = acknowledgedIn(call)
    if (point >= end || (!concerns(call, data) && texts.length === 0)) return undefined
    ledger.at(call.at)
    for (const text of texts) ledger.acknowledged(text)
    const finish = texts.length === 0 ? begin(call, data, disk, ledger) : undefined
    onPoint(point++)
    return (answer) => {
      if (point >= end) return
      if (answer >= 0) finish?.()
      onPoint(point++)
    }
  })
}

/** A call begins. Answers what is so when it has ended well. */
function begin(call: Call, data: string, disk: PowerDisk, ledger: Ledger): (() => void) | undefined {
  const name = nameIn(call.path, data)
  const done = (waiting: Waiting) => (): void => void (waiting.isDone = true)
  const [first = Buffer.alloc(0), second] = call.quoted
  switch (call.name) {
    case 'openat':
      if (!call.text.includes('O_CREAT')) return undefined
      if (disk.file(name) === undefined) return done(disk.create(name))
      return call.text.includes('O_TRUNC') ? done(disk.truncate(name, 0)) : undefined
    case 'write':
    case 'pwrite64': {
      // `write` goes on where the one before it ended, and nothing else of ours is written so.
      const at = call.name === 'write' ? disk.lengthOf(name) : Number(/, (\d+)(?:\)| <)/.exec(call.text)?.[1])
      const waiting = disk.write(name, at, first)
      if (name.endsWith('.log')) ledger.wrote(disk.file(name), first, waiting)
      return done(waiting)
    }
    case 'ftruncate':
      return done(disk.truncate(name, Number(/, (\d+)(?:\)| <)/.exec(call.text)?.[1])))
    case 'fsync':
    case 'fdatasync': {
      if (call.path === data) return disk.syncFolder()
      const end = disk.syncFile(name)
      return () => ledger.synced(end())
    }
    case 'rename':
      return done(disk.rename(nameIn(first.toString(), data), nameIn(second?.toString() ?? '', data)))
    case 'unlink':
      ledger.unlinked(disk.file(nameIn(first.toString(), data)))
      return done(disk.unlink(nameIn(first.toString(), data)))
    default:
      return undefined
  }
}

function nameIn(path: string, data: string): string {
  return path.startsWith(`${data}/`) ? path.slice(data.length + 1) : ''
}

/** Is it about the folder or a file of messages in it? The lock is no matter of the disk. */
function concerns({ name, path, quoted }: Call, data: string): boolean {
  const isPath = name === 'rename' || name === 'unlink' || name === 'link'
  const about = isPath ? (quoted[0]?.toString() ?? '') : path
  if (about === data) return name === 'fsync' || name === 'fdatasync'
  const file = nameIn(about, data)
  return file !== '' && !/^(?:lock|probe)/.test(file)
}

/** The texts of messages that this call acknowledges. */
function acknowledgedIn({ name, path, quoted }: Call): string[] {
  if ((name !== 'write' && name !== 'writev') || !path.startsWith('socket:')) return []
  const text = Buffer.concat(quoted).toString('latin1')
  return text.includes('HTTP/1.1 201') ? [...text.matchAll(/"text":"(life \d+[^"]*)"/g)].map(([, one = '']) => one) : []
}

/** Opens a journal on what a cut has left, and compares. */
async function check(state: Map<string, Buffer>, expected: Expected, sync: Sync, tally: Tally): Promise<string[]> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mini-chat-cut-'))
  const faults: string[] = []
  const open = (): Promise<Journal> => openIn(folder, sync)
  try {
    for (const [name, bytes] of state) writeFileSync(join(folder, name), bytes)
    const journal = await open()
    const kept = await readAll(journal)
    const texts = new Set(kept.map(({ text }) => text))
    const lost = expected.promised.filter((text) => !texts.has(text))
    const changed = kept.filter((message) => expected.written.get(message.text) !== JSON.stringify(message))
    const more: Message[] = []
    for (const text of ['more', 'and more']) more.push((await journal.append('lobby', draft(text))).message)
    await journal.close()
    const again = await open()
    const keptAgain = await readAll(again)
    await again.close()
    const disordered = countDisorder(keptAgain)
    const isSame = JSON.stringify(keptAgain) === JSON.stringify(sorted([...kept, ...more]))
    tally.lost += lost.length
    tally.changed += changed.length
    tally.disorder += disordered + (isSame ? 0 : 1)
    if (lost.length > 0) faults.push(`lost ${lost.length}, the first: ${lost[0]?.slice(0, 30)}`)
    if (changed.length > 0) faults.push(`changed: ${JSON.stringify(changed[0])}`)
    if (disordered > 0 || !isSame)
      faults.push(`a second start has ${keptAgain.length} messages, not ${kept.length + 2}`)
  } catch (error) {
    tally.refused++
    faults.push(`refused: ${String(error)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return faults
}

function openIn(folder: string, sync: Sync): Promise<Journal> {
  const log = { info: () => undefined, error: () => undefined }
  const keep = { keepMs: undefined, keepBytes: undefined }
  return openJournal({ folder, recent: 100, sync, ...keep, clock: systemClock, random: systemRandom, log })
}

function readIfThere(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined
}

const draft = (text: string) => ({ room: 'lobby', type: 'chat', username: 'ada', text, timestamp: 1_763_635_200_000 })

async function readAll(journal: Journal): Promise<Message[]> {
  const messages: Message[] = []
  for (const room of ROOMS) messages.push(...(await journal.read(room, { limit: 1_000_000 })).messages)
  return sorted(messages)
}

function sorted(messages: readonly Message[]): Message[] {
  const room = ({ room: name }: Message): number => ROOMS.indexOf(name)
  return messages.toSorted((a, b) => room(a) - room(b) || a.id - b.id)
}

function countDisorder(messages: readonly Message[]): number {
  return messages.filter(({ room, id }, i) => {
    const before = messages[i - 1]
    return before?.room === room && id !== before.id + 1
  }).length
}

type Life = {
  readonly data: string
  readonly trace: string
  readonly sync: Sync
  readonly life: number
  readonly keep: string
  readonly chance: Chance
}

/** Starts a server, sends to it and ends it. Answers the record of its system calls. */
async function recordLife({ data, trace, sync, life, keep, chance }: Life): Promise<string> {
  const strace = ['strace', '-D', '-f', '-q', '-y', '-xx', '-ttt', '-s', '4000000', '-o', trace, '-e', `trace=${CALLS}`]
  const server = await startChild(['--data', data, '--sync', sync, '--keep-bytes', keep], strace)
  const agent = new Agent({ keepAlive: true })
  let isOver = false
  let acknowledged = 0
  const wanted = 30 + Math.floor(chance() * 250)
  const lengths = Array.from({ length: 2000 }, () => Math.floor(chance() < 0.1 ? 3000 * chance() : 100 * chance()))
  // `everysec` promises nothing of the last second; so its lives are longer.
  const pauseMs = sync === 'everysec' ? 30 * chance() : 0
  const send = async (sender: number): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      const length = lengths[(sender * 331 + n) % lengths.length] ?? 0
      const text = `life ${life} of ${sync}, sender ${sender}, ${n} ${'x'.repeat(length)}.`
      const path = `/send?room=${ROOMS[(sender + n) % 2]}&username=user${sender}&key=k${life}-${sender}-${n}`
      if (await post(agent, `${server.url}${path}`, text)) acknowledged++
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }
  const senders = Array.from({ length: SENDERS }, (_, sender) => send(sender))
  while (acknowledged < wanted) await sleep(2)
  const signal = life === LIVES - 1 && chance() < 0.5 ? 'SIGTERM' : 'SIGKILL'
  await server.end(signal)
  isOver = true
  await Promise.all(senders)
  agent.destroy()
  return readFileSync(trace, 'latin1')
}

/** Was it acknowledged? A server that is killed answers nothing more. */
function post(agent: Agent, url: string, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request(url, { method: 'POST', agent, headers: { 'Content-Length': text.length } }, (response) => {
      response.resume().on('close', () => resolve(response.statusCode === 201))
    })
    asking.on('error', () => resolve(false))
    asking.end(text)
  })
}
