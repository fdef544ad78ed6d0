// What is told of a file: which names and which numbers are taken, from a person and from another store.

import { describe, expect, test } from 'vitest'
import { isFileId, parseAttachment, parseFileId, parseFileName } from '../../../src/core/rooms/file.js'
import { codeOf } from '../../support/chat.js'

const id = 'x'.repeat(22)
const file = { id, type: 'image/png', bytes: 3, name: 'hill.png' }

test('the id of a file is 22 characters of base64url', async () => {
  expect([isFileId(id), parseFileId('aZ09_-'.padEnd(22, 'a'))]).toEqual([true, 'aZ09_-aaaaaaaaaaaaaaaa'])
  for (const bad of [
    '',
    `${id}x`,
    id.slice(1),
    `.${id}`,
    `${id}.`,
    `${id}\n`,
    '../'.padEnd(22, 'x'),
    [id],
    7,
    undefined,
  ])
    expect([bad, isFileId(bad), await codeOf(() => parseFileId(bad))]).toEqual([bad, false, 'bad_request'])
})

describe('the name of a file', () => {
  test.each([
    ['hill.png', 'hill.png'],
    ['/home/ada/hill.png', 'hill.png'],
    ['C:\\pictures\\hill.png', 'hill.png'],
    ['../../etc/passwd', 'passwd'],
    [' my hill.png ', 'my hill.png'],
    ['u\u0308ber.txt', 'über.txt'],
    ['...', '...'],
    ['😀'.repeat(100), '😀'.repeat(100)],
    [`${'x/'.repeat(508)}hill.png`, 'hill.png'],
  ])('%j is told as %j', (given, told) => {
    expect(parseFileName(given)).toBe(told)
  })

  test.each([
    '',
    ' ',
    '.',
    '..',
    'hills/',
    'a\nb',
    'a\u2028b',
    'a\u2029b',
    'a\ud800b',
    'gnp.\u202elliw',
    'a\u2066b',
    '😀'.repeat(101),
    `${'x/'.repeat(509)}hill.png`,
    7,
    undefined,
  ])('%j is refused', async (given) => {
    expect(await codeOf(() => parseFileName(given))).toBe('bad_request')
  })
})

describe('a file of another store', () => {
  test('is taken as it was written, an image with its size, and nothing else of it', () => {
    const image = { ...file, width: 640, height: 0 }
    expect([parseAttachment(file), parseAttachment(image)]).toEqual([file, image])
    expect(parseAttachment({ ...file, path: '/etc/passwd' })).toEqual(file)
    expect(parseAttachment({ ...file, type: 'application/vnd.a-b+xml' }).type).toBe('application/vnd.a-b+xml')
  })

  test.each([
    undefined,
    null,
    'hill.png',
    { ...file, id: 'x' },
    { ...file, type: undefined },
    { ...file, type: ['image/png'] },
    { ...file, type: 'image' },
    { ...file, type: 'image/' },
    { ...file, type: '/png' },
    { ...file, type: ' image/png' },
    { ...file, type: 'image/png\r\nSet-Cookie: a=b' },
    { ...file, type: `image/${'x'.repeat(65)}` },
    { ...file, bytes: undefined },
    { ...file, bytes: -1 },
    { ...file, bytes: 1.5 },
    { ...file, bytes: '3' },
    { ...file, bytes: 2 ** 53 },
    { ...file, name: '..' },
    { ...file, width: 640 },
    { ...file, width: 640, height: -480 },
  ])('is refused as %j', async (given) => {
    expect(await codeOf(() => parseAttachment(given))).toBe('bad_request')
  })
})
