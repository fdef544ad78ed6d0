// Who used how much of the machine while something was measured, and the memory of the server.
//
// The server has core 0 for itself and the driver core 1. What other programs used of these two is `foreign`: a run
// that was disturbed is no measurement, and is made again.
//
// /proc is Linux; elsewhere these figures are simply not there.

import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Cores used, 1 being a whole one; undefined where the platform does not tell. */
export type Usage = {
  readonly seconds: number
  readonly server: number | undefined
  readonly driver: number
  readonly foreign: number | undefined
}

/** Begins to measure; the returned function ends it. */
export function startUsage(serverPid: number, pinned: boolean): () => Usage {
  const startedAt = performance.now()
  const driverBefore = process.cpuUsage()
  const serverBefore = cpuSeconds(serverPid)
  const coresBefore = busySeconds()
  return () => {
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(driverBefore)
    const driver = (user + system) / 1e6 / seconds
    const serverAfter = cpuSeconds(serverPid)
    if (serverBefore === undefined || serverAfter === undefined)
      return { seconds, driver, server: undefined, foreign: undefined }
    const server = (serverAfter - serverBefore) / seconds
    const busy = busySeconds().map((after, core) => (after - (coresBefore[core] ?? 0)) / seconds)
    const foreign = pinned ? Math.max(0, (busy[0] ?? 0) - server, (busy[1] ?? 0) - driver) : undefined
    return { seconds, driver, server, foreign }
  }
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

const TICKS_PER_SECOND = 100

/** Processor time of a process with all its threads, proc(5). */
function cpuSeconds(pid: number): number | undefined {
  // After the name in brackets, which may hold anything: state is the third field, utime and stime 14 and 15.
  const fields = readProc(pid, 'stat').split(') ').at(-1)?.split(' ')
  const [utime, stime] = [fields?.[11], fields?.[12]]
  return utime === undefined || stime === undefined ? undefined : (Number(utime) + Number(stime)) / TICKS_PER_SECOND
}

function readProc(pid: number, file: 'stat' | 'status'): string {
  if (process.platform !== 'linux') return ''
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
}

function busySeconds(): number[] {
  return cpus().map(({ times }) => (times.user + times.nice + times.sys + times.irq) / 1000)
}
