/** What the browser SDKs of Segment and RudderStack fetch before they send anything. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { isRefusal, type Refusal } from '../core/errors.ts'
import { sendRefusal } from './answer.ts'
import type { EventRoutes } from './events.ts'
import { findKey, type Key } from './keys.ts'

/** Adds the settings routes to the scope of the event routes, whose CORS answers they share. */
export function addSettingsRoutes(scope: FastifyInstance, routes: Pick<EventRoutes, 'keys' | 'counters'>, publicUrl: string | undefined): void {
  const send = (reply: FastifyReply, key: Key | Refusal, toSettings: (key: Key) => unknown) => {
    if (isRefusal(key)) {
      routes.counters.refuse(key, 0)
      return sendRefusal(reply, key)
    }
    return reply.header('cache-control', 'private, max-age=60').send(toSettings(key))
  }

  scope.get<{ Params: { key: string } }>('/v1/projects/:key/settings', (request, reply) => {
    const { protocol, host } = publicUrl === undefined ? { protocol: 'http:', host: request.headers.host ?? 'localhost' } : new URL(publicUrl)
    return send(reply, findKey(routes.keys, { writeKey: request.params.key, origin: request.headers.origin }), (key) =>
      toSegmentSettings(key, protocol.slice(0, -1), host),
    )
  })

  for (const path of ['/sourceConfig', '/sourceConfig/']) {
    scope.get<{ Querystring: { writeKey?: string } }>(path, (request, reply) => {
      const { authorization, origin } = request.headers
      return send(reply, findKey(routes.keys, { authorization, writeKey: request.query.writeKey, origin }), toRudderSource)
    })
  }
}

const toSegmentSettings = (key: Key, protocol: string, host: string) => ({
  integrations: {
    'Segment.io': {
      apiKey: key.token,
      apiHost: `${host}/v1`,
      protocol,
      unbundledIntegrations: [],
      addBundledMetadata: false,
      versionSettings: { version: '4.4.7', componentTypes: ['browser'] },
    },
  },
  plan: { track: { __default: { enabled: true, integrations: {} } }, identify: { __default: { enabled: true } }, group: { __default: { enabled: true } } },
  edgeFunction: {},
  analyticsNextEnabled: true,
  middlewareSettings: {},
  enabledMiddleware: {},
  // Or it reports its own metrics to Segment.
  metrics: { sampleRate: 0 },
  legacyVideoPluginsEnabled: false,
  remotePlugins: [],
})

const toRudderSource = (key: Key) => ({
  source: {
    id: `source-${key.id}`,
    name: 'Beckon',
    writeKey: key.token,
    workspaceId: 'beckon',
    enabled: true,
    config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
    connections: [],
    destinations: [],
    dataplanes: {},
  },
})
