// A certificate for this machine's loopback, and the authority that signed it.

import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './journal.js'

export type Certificate = { readonly authority: string; readonly certificate: string; readonly key: string }

/** The paths of the files, which end with their test; any user may read them. */
export function makeCertificate(): Certificate {
  const folder = temporaryFolder()
  // A server of another user reads in it.
  chmodSync(folder, 0o755)
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=mini-chat test')
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.crt')
  chmodSync(file('server.key'), 0o644)
  return { authority: file('ca.crt'), certificate: file('server.crt'), key: file('server.key') }
}
