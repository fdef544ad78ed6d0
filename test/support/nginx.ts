// A real nginx in front, with a configuration of its own, that ends with its test.

import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './journal.js'
import { freePort } from './port.js'
import { ask } from './raw.js'

const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** `http`: what stands in nginx's block of that name, for the port that it has to listen on. Resolves with the port. */
export async function startNginx(http: (port: number) => string): Promise<number> {
  const folder = temporaryFolder()
  const port = await freePort()
  for (const name of FOLDERS) mkdirSync(join(folder, name))
  const config = `
    daemon off; pid nginx.pid; error_log stderr warn; worker_processes 1;
    events { worker_connections 256; }
    http {
      access_log off; ${FOLDERS.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      ${http(port)}
    }`
  writeFileSync(join(folder, 'nginx.conf'), config)
  const nginx = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  nginx.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise((resolve) => nginx.once('close', resolve))
  onTestFinished(async () => {
    nginx.kill('SIGTERM')
    await ended
  })
  for (let i = 0; i < 200; i++) {
    const isThere = await ask(port, { path: '/' }).then(
      () => true,
      () => false,
    )
    if (isThere) return port
    if (nginx.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`nginx does not answer: ${said}`)
}
