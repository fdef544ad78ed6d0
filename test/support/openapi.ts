// Judges answers by docs/openapi.yaml: how does an answer differ from the document?
//
// Everything is compared: the status, the media type, the headers that the document knows, and the body with its
// schema. A field that the schema does not name is a difference.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { PACKAGE_ROOT } from '../../src/platform.js'
import type { RawAnswer } from './raw.js'

type Node = Readonly<Record<string, unknown>>

/** An operation by its method and path, such as `GET /poll`, with the statuses of its answers. */
export type Operation = { readonly name: string; readonly statuses: readonly number[] }

export class OpenApi {
  readonly operations: readonly Operation[]
  readonly #document: Node
  readonly #open = new Ajv2020({ strict: false, allErrors: true, validateSchema: false })
  readonly #validators = new Map<string, ValidateFunction>()
  /** Takes out of a value all that no schema names. */
  readonly #sieve = new Ajv2020({ strict: false, removeAdditional: 'all', validateSchema: false })

  constructor(file = join(PACKAGE_ROOT, 'docs/openapi.yaml')) {
    this.#document = nodeOf(parse(readFileSync(file, 'utf8')))
    this.#open.addSchema(this.#document, 'openapi')
    this.#sieve.addSchema(this.#document, 'openapi')
    this.operations = Object.entries(nodeOf(this.#document['paths'])).flatMap(([path, methods]) =>
      Object.entries(nodeOf(methods)).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        statuses: Object.keys(nodeOf(nodeOf(operation)['responses'])).map(Number),
      })),
    )
  }

  /** Follows a JSON pointer (RFC 6901), and the references on its way. */
  at(pointer: string): unknown {
    return this.#resolve(pointer).node
  }

  /** What in the answer is not as the document says; nothing, if all is well. */
  differences(operation: string, answer: RawAnswer): string[] {
    const [method = '', path = ''] = operation.split(' ')
    const at = `/paths/${escape(path)}/${method.toLowerCase()}/responses/${answer.status}`
    const { node, pointer } = this.#resolve(at)
    if (node === undefined) return [`${operation} has no answer ${answer.status} in the document`]
    const response = nodeOf(node)
    return [
      ...this.#headers(nodeOf(response['headers'] ?? {}), pointer, answer),
      ...this.#content(response, pointer, answer),
    ]
  }

  /** What in a value is not as the schema at a pointer says. */
  differencesOf(pointer: string, value: unknown): string[] {
    return [...this.#check(pointer, value, 'the value'), ...this.#unknownFields(pointer, value)]
  }

  #headers(documented: Node, pointer: string, answer: RawAnswer): string[] {
    const differences: string[] = []
    for (const name of Object.keys(nodeOf(this.at('/components/headers')))) {
      const value = answer.headers.get(name.toLowerCase())
      if (documented[name] === undefined) {
        if (value !== undefined) differences.push(`${name} is not in the document here`)
        continue
      }
      const header = this.#resolve(`${pointer}/headers/${escape(name)}`)
      if (value !== undefined) differences.push(...this.#check(`${header.pointer}/schema`, value, name))
      else if (nodeOf(header.node)['required'] === true) differences.push(`${name} is missing`)
    }
    return differences
  }

  #content(response: Node, pointer: string, { headers, body }: RawAnswer): string[] {
    const given = headers.get('content-type')
    if (response['content'] === undefined)
      return given === undefined && body === '' ? [] : ['there is a body, and the document has none']
    const type = given?.split(';', 1)[0] ?? 'nothing'
    if (!(type in nodeOf(response['content']))) return [`${type} is not a media type that the document has here`]
    const schema = `${pointer}/content/${escape(type)}/schema`
    if (!type.endsWith('json')) return this.#check(schema, body, 'the body')
    const value: unknown = JSON.parse(body)
    const closed = type === 'application/problem+json' ? '/components/schemas/Problem' : schema
    return [...this.#check(schema, value, 'the body'), ...this.#unknownFields(closed, value)]
  }

  #check(pointer: string, value: unknown, what: string): string[] {
    const validate = this.#compiled(this.#open, pointer)
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message ?? 'is wrong'}`)
  }

  /** Compiled once: that takes longer than to ask for an answer. */
  #compiled(ajv: Ajv2020, pointer: string): ValidateFunction {
    const key = `${ajv === this.#open ? 'open' : 'sieve'} ${pointer}`
    const known = this.#validators.get(key) ?? ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` })
    this.#validators.set(key, known)
    return known
  }

  #unknownFields(pointer: string, value: unknown): string[] {
    const sieved = structuredClone(value)
    this.#compiled(this.#sieve, pointer)(sieved)
    return isDeepStrictEqual(sieved, value) ? [] : [`it has fields that the document has not: ${JSON.stringify(value)}`]
  }

  #resolve(pointer: string): { readonly node: unknown; readonly pointer: string } {
    let node: unknown = this.#document
    let here = ''
    for (const part of pointer.split('/').slice(1)) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      node = Array.isArray(node) ? node[Number(name)] : nodeOf(node)[name]
      here += `/${part}`
      if (node === undefined) return { node, pointer: here }
      const reference = isNode(node) ? node['$ref'] : undefined
      if (typeof reference === 'string') ({ node, pointer: here } = this.#resolve(reference.slice(1)))
    }
    return { node, pointer: here }
  }
}

function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nodeOf(value: unknown): Node {
  if (isNode(value)) return value
  throw new Error(`this is no object: ${JSON.stringify(value)}`)
}
