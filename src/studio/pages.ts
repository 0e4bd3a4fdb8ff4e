/**
 * The pages as built, kept in memory: the studio, the demo shop, and what they load. Every path below /studio that is no
 * file is the studio itself, which finds its own way. Nothing comes from anywhere else.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

type File = { body: Buffer; packed: [encoding: string, body: Buffer][]; type: string; etag: string; isNamedByHash: boolean }

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
}

/** The smallest first. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/** Pictures of products may lie anywhere on the web; everything else is ours. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; connect-src 'self'; frame-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const pageHeaders = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

type Options = {
  /** Where the build lies. */
  directory: string
  isDemo: boolean
}

export function addPages(app: FastifyInstance, { directory, isDemo }: Options) {
  const files = readFiles(directory)
  const send = (name: string) => (request: FastifyRequest, reply: FastifyReply) => sendFile(request, reply, files.get(name))
  const sendNamed = (request: FastifyRequest, reply: FastifyReply) => sendFile(request, reply, files.get((request.params as { '*': string })['*']))

  app.get('/', (_request, reply) => reply.redirect('/studio'))
  app.get('/inbox', (_request, reply) => reply.redirect('/studio/inbox'))
  app.get('/studio', send('studio.html'))
  app.get('/studio/*', (request, reply) => {
    const name = (request.params as { '*': string })['*']
    return files.has(name) || name.startsWith('assets/') || name.startsWith('api/') ? sendNamed(request, reply) : send('studio.html')(request, reply)
  })
  if (!isDemo) return
  for (const path of ['/demo', '/demo/cart', '/demo/checkout', '/demo/products/:id']) app.get(path, send('demo.html'))
  app.get('/demo/pictures/*', sendNamed)
}

function readFiles(directory: string): Map<string, File> {
  if (!existsSync(directory)) return new Map()
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extname(entry.name) in types)
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map(names.map((path) => [path.slice(directory.length + 1).replaceAll('\\', '/'), readOne(path)]))
}

function readOne(path: string): File {
  const body = readFileSync(path)
  return {
    body,
    packed: encodings.flatMap(([encoding, ending]): File['packed'] => (existsSync(path + ending) ? [[encoding, readFileSync(path + ending)]] : [])),
    type: types[extname(path)]!,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    isNamedByHash: path.includes('assets'),
  }
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: File | undefined) {
  if (file === undefined) return reply.callNotFound()
  const { body, packed, type, etag, isNamedByHash } = file
  void reply.headers({ ...pageHeaders, etag, 'cache-control': isNamedByHash ? 'public, max-age=31536000, immutable' : 'no-cache', vary: 'accept-encoding' })
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const chosen = packed.find(([encoding]) => new RegExp(`\\b${encoding}\\b`).test(accepted))
  if (chosen === undefined) return reply.type(type).send(body)
  return reply.header('content-encoding', chosen[0]).type(type).send(chosen[1])
}
