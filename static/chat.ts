// Puts the chat together. Each behaviour is a file of its own; here they are connected, and nothing else happens.
//
//     server ─> feed ─> conversation, people, pending lines, unread  (incoming, for every tab of this browser)
//     box ─> composer ─> outbox ─> server                   (outgoing, from each tab by itself)

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, Refused } from '../src/client/wire.js'
import type { Amend } from './amend.js'
import { BASE } from './base.js'
import type { Comforts } from './comforts.js'
import { Composer } from './composer.js'
import { Connection } from './connection.js'
import { Conversation } from './conversation.js'
import { byId, nameElement } from './element.js'
import { whenIdle } from './idle.js'
import { Feed } from './feed.js'
import type { Files } from './files.js'
import { People } from './people.js'
import type { Membership } from './membership.js'
import type { Rejoin } from './rejoin.js'
import { RoomList } from './room-list.js'
import { type Rooms, whyNoRoom, wrongInAddress } from './rooms.js'
import type { Session } from './session.js'
import type { Sending } from './sending.js'
import type { Stage } from './stage.js'
import { type Batch, Tabs } from './tabs.js'
import { wireTheme } from './theme.js'
import { throttle } from './throttle.js'
import { Unread } from './unread.js'
import { whyRefused } from './welcome.js'

/**
 * Opens the chat for a session, in the open rooms. It is called once. `wrong`: the part of the address that names no
 * room.
 */
export function open(session: Session, rooms: Rooms, wrong: string): void {
  const tabs = new Tabs(platform.key())
  const unread = new Unread({
    rooms,
    myName: () => session.username,
    leads: () => feed.leads,
    last: (room) => conversation.last(room),
  })
  const people = new People(() => (session.isOver ? '' : session.username))
  const reader = (): { name: string } => ({ name: session.username })
  wireTheme(byId('dark', HTMLInputElement))
  let shown = ''
  let drawers: typeof import('./drawers.js') | undefined
  let rejoining: Promise<Rejoin> | undefined
  let stage: Stage | undefined
  let amend: Amend | undefined
  let files: Files | undefined
  let membership: Membership | undefined
  let loadingComforts: Promise<Comforts> | undefined
  let sending: Sending | undefined
  let loadingSending: Promise<Sending> | undefined

  const conversation = new Conversation({
    reader,
    token: () => session.token,
    readTo: (room) => rooms.readTo(room),
  })

  const composer = new Composer({
    room: () => rooms.current,
    send,
    sendFiles: () => files?.send('') === true,
    async command(line) {
      try {
        const { runCommand } = await import('./commands.js')
        const search = (words: string): void => void comforts().then((loaded) => loaded.search(words))
        return await runCommand(line, { rooms, session, leave, send, search, reply })
      } catch (error) {
        return whyRefused(error)
      }
    },
    takeBack: () => sending?.takeBack() ?? amend?.editLast(),
    typing: (what) =>
      void loadSending().then(
        ({ typing }) => typing[what](),
        () => undefined,
      ),
  })

  const feed = new Feed({
    tabs,
    rooms: () => rooms.open,
    token: () => session.token,
    renew: async (token) => (await rejoin()).renew(token),
  })

  const connection = new Connection(() => feed.hurry())
  const roomList = new RoomList({
    rooms,
    close: leave,
  })

  feed.onBatch(throttle(take))
  feed.onStatus((status) => {
    connection.take(status)
    if (status.kind !== 'live') return
    sending?.hurry()
    files?.hurry()
    loadSending().catch(() => undefined)
  })
  rooms.onChange(() => {
    const name = wrongInAddress()
    if (name !== '') {
      history.replaceState(history.state, '', `#${shown}`)
      void refuseRoom(name)
    }
    if (rooms.current !== shown) void openRoom()
    // Another tab closed the room that this tab shows: it stays open.
    else if (!rooms.isOpen(shown)) rooms.add(shown)
    feed.changeRooms()
    unread.show()
  })
  session.onChange(() => {
    showMe()
    if (session.isOver) rejoin().catch(() => undefined)
  })
  addEventListener('pagehide', () => {
    if (tabs.alone) session.leave()
  })
  byId('rename', HTMLButtonElement).addEventListener('click', () => session.forget())
  byId('share', HTMLButtonElement).addEventListener(
    'click',
    () => void import('./share.js').then(({ share }) => share(rooms.current)),
  )
  byId('stage', HTMLButtonElement).addEventListener('click', () => {
    if (stage?.isOn === true) stage.leave()
    else void toStage()
  })
  for (const id of ['show-rooms', 'show-people'] as const)
    byId(id, HTMLButtonElement).addEventListener(
      'click',
      // No connection and not loaded: it stays closed, and the next press tries again.
      () =>
        void loadDrawers().then(
          ({ toggle }) => toggle(id),
          () => undefined,
        ),
    )
  whenIdle(async () => void (await loadDrawers()))
  // At once, but not waited for: nobody presses a key before the first messages are there.
  import('./shortcuts.js').then(
    ({ wireShortcuts }) =>
      wireShortcuts({
        rooms,
        closeDrawer: () => drawers?.close() === true,
        toBox: () => composer.focus(),
      }),
    // No connection: the page works without them.
    () => undefined,
  )

  if ('moderation' in document.documentElement.dataset)
    void import('./moderate.js').then(({ wireModeration }) =>
      wireModeration({ room: () => rooms.current, session, people }),
    )

  whenIdle(async () => {
    const { Amend } = await import('./amend.js')
    amend = new Amend({ conversation, session, composer, room: () => rooms.current })
  })

  whenIdle(async () => void (await comforts()))

  if ('lab' in document.documentElement.dataset) void import('./lab.js').then(({ wireLab }) => wireLab(feed, session))

  document.documentElement.dataset['chat'] = ''
  byId('chat', HTMLElement).hidden = false
  showMe()
  void openRoom()
  if (wrong !== '') void refuseRoom(wrong)
  // Where messages carry files, what shows them is there before the first.
  if ('files' in document.documentElement.dataset)
    void loadFiles()
      .catch(() => undefined)
      .then(() => feed.start())
  else {
    void feed.start()
    whenIdle(loadFiles)
  }
  if ('big' in document.documentElement.dataset) void toStage()

  async function loadFiles(): Promise<void> {
    const { Files } = await import('./files.js')
    files = new Files({
      conversation,
      composer,
      rooms,
      session,
      rejoin: async (room) => (await rejoin()).join(room),
      answered: () => amend?.takeAnswered(),
    })
    await files.show()
  }

  /** Loads the code that is needed when the session is over. */
  function rejoin(): Promise<Rejoin> {
    const rejoined = (): void => {
      feed.hurry()
      sending?.hurry()
    }
    const room = (): string => rooms.current
    rejoining ??= import('./rejoin.js').then(
      ({ Rejoin }) => new Rejoin({ session, room, rejoined }),
      (error: unknown) => {
        // No connection: it is loaded with the next try.
        rejoining = undefined
        throw error
      },
    )
    return rejoining
  }

  function comforts(): Promise<Comforts> {
    loadingComforts ??= import('./comforts.js').then(
      ({ Comforts }) => new Comforts({ composer, conversation, feed, people, rooms, session }),
    )
    return loadingComforts
  }

  async function toStage(): Promise<void> {
    const { Stage } = await import('./stage.js')
    stage ??= new Stage({ room: () => rooms.current, people: () => people.count(rooms.current) })
    await stage.enter()
  }

  function send(text: string): void {
    reply()
    if (files?.send(text) === true || amend?.answer(text) === true) return
    if (sending === undefined) void sendLater(text)
    else sending.add(rooms.current, session.username, text)
    void conversation.jump()
  }

  /**
   * A message that is sent before the outbox is loaded waits for it. If the outbox cannot be loaded, the text comes
   * back into the box.
   */
  async function sendLater(text: string): Promise<void> {
    const room = rooms.current
    try {
      const loaded = await loadSending()
      loaded.add(room, session.username, text)
    } catch (error) {
      composer.giveBack(text, whyRefused(error))
    }
  }

  function loadSending(): Promise<Sending> {
    loadingSending ??= import('./sending.js').then(
      ({ Sending }) =>
        (sending = new Sending({
          list: byId('pending', HTMLOListElement),
          token: () => session.token,
          rejoin: async (room) => (await rejoin()).join(room),
          tellTyping(typing) {
            // If this is lost, it matters only until the next letter is typed.
            tell('/typing', { room: rooms.current, typing }).catch(() => undefined)
          },
          changed() {
            composer.trouble(sending?.trouble)
            conversation.scroll.settle()
          },
          reader,
          room: () => rooms.current,
          newest: () => conversation.newest,
          knows: (message) => conversation.knows(message),
          isSlow: () => people.state(rooms.current)?.slow !== undefined,
          keep(change) {
            conversation.scroll.keep(change)
            // When lines go, the log gets shorter, which moves its top as a reader would.
            conversation.scroll.settle()
          },
          toBox: () => composer.focus(),
        })),
      (error: unknown) => {
        // No connection: it is loaded with the next message, or when there is one.
        loadingSending = undefined
        throw error
      },
    )
    return loadingSending
  }

  function leave(room: string): void {
    rooms.remove(room)
    conversation.forget(room)
    // Refused or lost: the name is free after a minute.
    tell('/leave', { room }).catch(() => undefined)
  }

  /** Shows the answer to a command behind the messages, or none. */
  function reply(...answer: (Node | string)[]): void {
    const place = byId('reply', HTMLElement)
    place.hidden = answer.length === 0
    place.replaceChildren(...answer)
    if (answer.length > 0) void conversation.jump()
  }

  /** Shows the room of the address, and joins it if needed. */
  async function openRoom(): Promise<void> {
    const room = (shown = rooms.current)
    rooms.add(room)
    byId('title', HTMLElement).textContent = room
    roomList.show()
    conversation.show(room)
    people.show(room)
    sending?.draw()
    reply()
    composer.show()
    composer.focus()
    unread.look()
    unread.show()
    void stage?.show()
    if (session.isOver) return
    try {
      await session.join(room)
    } catch (error) {
      if (error instanceof Refused && room === rooms.current) composer.say(whyRefused(error))
    }
  }

  function take(batch: Batch): void {
    const lost = sending?.lost(batch) ?? []
    if (lost.length > 0) conversation.take({ ...batch, messages: lost, gaps: [], rooms: undefined })
    const fresh = conversation.take(batch)
    sending?.arrived(batch.messages)
    if (batch.rooms !== undefined) people.take(batch.rooms, rooms.current)
    // No connection: the next answer in which this person is missing tries again.
    checkMembership().catch(() => undefined)
    unread.take(fresh)
    void stage?.show()
  }

  async function loadDrawers(): Promise<typeof import('./drawers.js')> {
    return (drawers ??= await import('./drawers.js'))
  }

  /** Says why the name in the address is no room. */
  async function refuseRoom(name: string): Promise<void> {
    composer.say(await whyNoRoom(name))
  }

  /** The leading tab keeps this person a member of the open rooms. */
  async function checkMembership(): Promise<void> {
    const lacksMe = (room: string): boolean => people.lacksMe(room)
    if (!feed.leads || session.isOver || !rooms.open.some(lacksMe)) return
    const { Membership } = await import('./membership.js')
    membership ??= new Membership(session)
    membership.check(rooms.open, lacksMe, refuse)
  }

  function refuse(room: string, error: Refused): void {
    if (room === rooms.current) composer.say(whyRefused(error))
  }

  function showMe(): void {
    byId('me', HTMLElement).replaceChildren(nameElement(session.username))
    people.show(rooms.current)
    conversation.redraw()
  }

  async function tell(path: string, body: unknown): Promise<void> {
    await call(platform, { url: BASE, path, body, token: session.token })
  }
}
