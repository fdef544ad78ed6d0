// Connects the parts of the glass box: events go into the recording, and the recording into the drawing, sixty times
// a second.
//
//     /inside/events ──> recording ──> player (which moment?) ──> drawing
//                            └──> tables, once a second         └──> the thing under the pointer

import { parseBatch, parseScene } from '../../src/client/inside.js'
import { byId, element, on } from '../element.js'
import { type Colours, Drawing, type Shown } from './drawing.js'
import { explain, type Explanation, thingsOf } from './explain.js'
import { openWithKey } from './key.js'
import { layOut } from './layout.js'
import { type Frame, Player, type Speed } from './player.js'
import { Recording } from './recording.js'
import { sentenceOf, Tables } from './tables.js'

/** Without motion the drawing changes only this often, and its time line moves on by as much. */
const STILL_MS = 250
const PAGE_MS = 3000

const recording = new Recording()
const player = new Player(recording)
const canvas = byId('drawing', HTMLCanvasElement)
const what = byId('what', HTMLDivElement)
const context = canvas.getContext('2d')
if (context === null) throw new Error('this browser does not draw')
const drawing = new Drawing(context, recording, colours())
const tables = new Tables(recording, choose)
let chosen = decodeURIComponent(location.hash.slice(1))
let shown: Shown | undefined
let keyed = -1
let stillStep = -1
let stillWidth = 0

openWithKey(() => {
  const source = new EventSource('inside/events')
  on(source, 'facts', (event) => {
    const batch = parseBatch('data' in event ? event.data : undefined)
    if (batch !== undefined) recording.hear(batch, performance.now())
  })
  on(source, 'scene', (event) => {
    const scene = parseScene('data' in event ? event.data : undefined)
    if (scene === undefined) return
    recording.look(scene)
    tables.show(scene, room())
  })
  on(source, 'error', () => tables.say('The server does not answer; trying again.'))
  on(source, 'open', () => tables.say(''))
  requestAnimationFrame(again)
  if ('lab' in document.documentElement.dataset) void lab(source)
})

async function lab(source: EventSource): Promise<void> {
  const { openLab } = await import('./lab.js')
  const sheet = canvas.parentElement
  openLab({
    source,
    room,
    say: (sentence) => tables.say(sentence),
    cover(view) {
      canvas.hidden = view !== undefined
      sheet?.querySelector('.race')?.remove()
      if (view !== undefined) sheet?.append(view)
    },
  })
}

/** The room in the drawing: the chosen one, or the one with the most readers. */
function room(): string {
  if (chosen !== '') return chosen
  return recording.scene?.rooms[0]?.room ?? 'lobby'
}

function choose(name: string): void {
  chosen = name
  history.replaceState(null, '', `#${encodeURIComponent(name)}`)
  if (recording.scene !== undefined) tables.show(recording.scene, name)
}

function again(): void {
  requestAnimationFrame(again)
  const { clientWidth: width, clientHeight: height } = canvas
  const scale = devicePixelRatio
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
  }
  context?.setTransform(scale, 0, 0, scale, 0, 0)
  const now = performance.now()
  const step = drawing.isStill ? Math.floor(now / STILL_MS) : -1
  if (step >= 0 && step === stillStep && canvas.width === stillWidth) return
  stillStep = step
  stillWidth = canvas.width
  const frame = drawing.isStill ? stepped(player.frame(now)) : player.frame(now)
  shown = drawing.draw(layOut(width, height), frame, room())
}

/** Without motion a live time line stands still, and is turned like a page. */
function stepped(frame: Frame): Frame {
  if (frame.rate !== 1) return frame
  const to = Math.ceil(frame.at / PAGE_MS) * PAGE_MS
  return { ...frame, from: to - (frame.to - frame.from), to }
}

function tell(thing: Explanation | undefined): void {
  if (thing === undefined) return
  const key = `${thing.name} ${thing.value}`
  if (what.dataset['key'] === key) return
  what.dataset['key'] = key
  what.replaceChildren(
    element('p', { class: 'name' }, thing.name),
    element('p', {}, thing.value),
    element('code', {}, thing.file),
  )
}

/** Goes on by one fact. */
function step(): void {
  const fact = player.step(room(), performance.now())
  tables.say(fact === undefined ? 'Nothing has happened since.' : sentenceOf(fact, recording))
  showHeld()
}

function pause(): void {
  player.pause(performance.now())
  showHeld()
}

const pauseButton = byId('pause', HTMLButtonElement)
const SPEEDS: readonly Speed[] = ['live', 'second', 'flight']
const speed = byId('speed', HTMLSelectElement)

function showHeld(): void {
  pauseButton.setAttribute('aria-pressed', String(player.isHeld))
}

on(pauseButton, 'click', pause)
on(byId('step', HTMLButtonElement), 'click', step)
on(speed, 'change', () => {
  const asked = SPEEDS.find((one) => one === speed.value) ?? 'live'
  player.setSpeed(asked, room(), performance.now())
  if (player.speed !== asked) tables.say('There is no message to play again: say something first.')
  speed.value = player.speed
  showHeld()
})

canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
  if (shown !== undefined) tell(explain(shown, recording.scene, { x: offsetX, y: offsetY }))
})

canvas.addEventListener('keydown', (event) => {
  if (shown === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
  if (move !== undefined) {
    const things = thingsOf(shown, recording.scene)
    keyed = (keyed + move + things.length) % things.length
    tell(things[keyed])
  } else if (event.key === ' ') pause()
  else if (event.key === '.') step()
  else return
  event.preventDefault()
})

const still = matchMedia('(prefers-reduced-motion: reduce)')
const isStill = (): boolean => (drawing.isStill = still.matches)
isStill()
on(still, 'change', isStill)
on(matchMedia('(prefers-color-scheme: dark)'), 'change', () => (drawing.colours = colours()))

/** The colours of the style sheet, by day and by night. */
function colours(): Colours {
  const probe = element('span', { hidden: '' })
  document.body.append(probe)
  const of = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const found = {
    paper: of('--paper'),
    ink: of('--ink'),
    quiet: of('--pencil'),
    line: of('--rule'),
    wash: of('--blue-wash'),
    blue: of('--blue-ink'),
    told: of('--told'),
    red: of('--red-pen'),
  }
  probe.remove()
  return found
}
