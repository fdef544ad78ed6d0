// GET /metrics: the same for Prometheus, in its text format 0.0.4.

import { readFileSync } from 'node:fs'
import { describe, gauge } from '../../../core/metrics.js'
import { text } from '../answer.js'
import type { Route } from '../route.js'

export const metrics: Route = {
  method: 'GET',
  path: '/metrics',
  handle(_request, answer, { chat, metrics: m, parking, version }) {
    const cpu = process.cpuUsage()
    const started = Date.now() / 1000 - process.uptime()
    const body = [
      describe('minichat_waiting_polls', 'gauge', 'Polls parked now.', gauge('minichat_waiting_polls', parking.size)),
      describe(
        'minichat_messages_published_total',
        'counter',
        'Messages acknowledged.',
        m.published.lines('minichat_messages_published_total'),
      ),
      describe(
        'minichat_messages_delivered_total',
        'counter',
        'Messages handed to readers, by transport.',
        m.delivered.lines('minichat_messages_delivered_total'),
      ),
      describe('minichat_polls_total', 'counter', 'Polls answered, by outcome.', m.polls.lines('minichat_polls_total')),
      describe(
        'minichat_poll_wait_seconds',
        'histogram',
        'How long polls were parked.',
        m.pollWait.lines('minichat_poll_wait_seconds'),
      ),
      describe(
        'minichat_delivery_seconds',
        'histogram',
        'From a message in the ring to its answer to a parked reader.',
        m.delivery.lines('minichat_delivery_seconds'),
      ),
      describe('minichat_rooms', 'gauge', 'Rooms that have a log.', gauge('minichat_rooms', chat.rooms.size)),
      describe(
        'minichat_sessions',
        'gauge',
        'Sessions that hold names.',
        gauge('minichat_sessions', chat.sessions.size),
      ),
      describe(
        'minichat_rejected_total',
        'counter',
        'Requests refused, by reason.',
        m.rejected.lines('minichat_rejected_total'),
      ),
      describe(
        'minichat_build_info',
        'gauge',
        'The version that runs.',
        gauge('minichat_build_info', 1, { version, node: process.version }),
      ),
      describe(
        'process_cpu_seconds_total',
        'counter',
        'CPU used, user and system.',
        gauge('process_cpu_seconds_total', (cpu.user + cpu.system) / 1e6),
      ),
      describe(
        'process_resident_memory_bytes',
        'gauge',
        'Memory in RAM.',
        gauge('process_resident_memory_bytes', process.memoryUsage.rss()),
      ),
      describe(
        'process_start_time_seconds',
        'gauge',
        'When it started, in seconds since 1970.',
        gauge('process_start_time_seconds', started),
      ),
      ...descriptors(),
    ]
    answer(text(200, 'text/plain; version=0.0.4; charset=utf-8', body.join('')))
  },
}

function descriptors(): string[] {
  const limit = maxDescriptors()
  if (limit === undefined) return []
  return [describe('process_max_fds', 'gauge', 'Descriptors the process may open.', gauge('process_max_fds', limit))]
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
