// The server's state: GET /health and GET /ready for a balancer, GET /stats for people, GET /metrics for Prometheus.

import { readFileSync } from 'node:fs'
import { ChatError } from '../../../core/errors.js'
import { describe, gauge } from '../../../core/metrics.js'
import { json, text } from '../answer.js'
import type { Route } from '../route.js'

/** GET /health: does the process live? GET /ready: should it be given work? */
export const health: Route = {
  method: 'GET',
  path: '/health',
  auth: 'open',
  handle(_request, answer) {
    answer(json(200, { status: 'ok' }))
  },
}

export const ready: Route = {
  method: 'GET',
  path: '/ready',
  auth: 'open',
  handle(_request, answer, { ready: isReady }) {
    if (!isReady()) throw new ChatError('unavailable', 'this server is stopping, or its store is away: ask another', 1)
    answer(json(200, { status: 'ok' }))
  },
}

/** GET /stats: the server's state as JSON for people. */
export const stats: Route = {
  method: 'GET',
  path: '/stats',
  handle(_request, answer, { chat, metrics, parking, version }) {
    const { rss, heapUsed } = process.memoryUsage()
    const rooms = [...chat.rooms]
    const held = rooms.reduce((sum, room) => sum + (room.last === 0 ? 0 : room.last - room.first + 1), 0)
    const waiting = [...chat.rooms.all()].reduce((sum, room) => sum + room.waiting, 0)
    answer(
      json(200, {
        version,
        uptime: Math.round(process.uptime()),
        rooms: rooms.length,
        members: rooms.reduce((sum, room) => sum + room.presence.size, 0),
        sessions: chat.sessions.size,
        parked: parking.size,
        waiting,
        ring: { size: chat.ringSize, held, bytes: chat.rooms.bytes },
        messages: { published: metrics.published.sum, delivered: metrics.delivered.sum },
        memory: { rss, heapUsed },
      }),
    )
  },
}

/** GET /metrics: the same for Prometheus, in its text format 0.0.4. */
export const metrics: Route = {
  method: 'GET',
  path: '/metrics',
  handle(_request, answer, { chat, metrics: m, parking, version }) {
    const cpu = process.cpuUsage()
    const started = Date.now() / 1000 - process.uptime()
    const body = [
      metric('minichat_waiting_polls', 'gauge', 'Polls parked now.', gauged(parking.size)),
      metric('minichat_messages_published_total', 'counter', 'Messages acknowledged.', m.published),
      metric('minichat_messages_delivered_total', 'counter', 'Messages handed to readers, by transport.', m.delivered),
      metric('minichat_polls_total', 'counter', 'Polls answered, by outcome.', m.polls),
      metric('minichat_poll_wait_seconds', 'histogram', 'How long polls were parked.', m.pollWait),
      metric(
        'minichat_delivery_seconds',
        'histogram',
        'From a message in the ring to its answer to a parked reader.',
        m.delivery,
      ),
      metric('minichat_rooms', 'gauge', 'Rooms that have a log.', gauged(chat.rooms.size)),
      metric('minichat_sessions', 'gauge', 'Sessions that hold names.', gauged(chat.sessions.size)),
      metric('minichat_rejected_total', 'counter', 'Requests refused, by reason.', m.rejected),
      metric('minichat_gaps_total', 'counter', 'Readers told that they missed something, by reason.', m.gaps),
      metric('minichat_build_info', 'gauge', 'The version that runs.', gauged(1, { version, node: process.version })),
      metric(
        'process_cpu_seconds_total',
        'counter',
        'CPU used, user and system.',
        gauged((cpu.user + cpu.system) / 1e6),
      ),
      metric('process_resident_memory_bytes', 'gauge', 'Memory in RAM.', gauged(process.memoryUsage.rss())),
      metric('process_start_time_seconds', 'gauge', 'When it started, in seconds since 1970.', gauged(started)),
      ...descriptors(),
    ]
    answer(text(200, 'text/plain; version=0.0.4; charset=utf-8', body.join('')))
  },
}

/** A metric that writes its own lines under a name: a counter, a histogram, or a value as it is now. */
type Lines = { lines(name: string): string[] }

function metric(name: string, type: Parameters<typeof describe>[1], help: string, value: Lines): string {
  return describe(name, type, help, value.lines(name))
}

function gauged(value: number, labels?: Parameters<typeof gauge>[2]): Lines {
  return { lines: (name) => gauge(name, value, labels) }
}

function descriptors(): string[] {
  const limit = maxDescriptors()
  if (limit === undefined) return []
  return [metric('process_max_fds', 'gauge', 'Descriptors the process may open.', gauged(limit))]
}

/** The soft limit of open files; undefined where the system does not tell (only Linux does). */
function maxDescriptors(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return match?.[1] === undefined ? undefined : Number(match[1])
  } catch {
    // Not Linux: there is nothing to tell.
    return undefined
  }
}
