/** PostHog's items as Segment's. Only what its server SDKs send to /batch/ is known; the rest is refused by its name. */
import { isObject, parseTime } from '../core/parse.ts'

/** A Segment message for one item of a PostHog batch. Checks nothing: parseMessage does. Pure. */
function fromPosthog(item: unknown): unknown {
  if (!isObject(item) || item['event'] === undefined) return item
  const properties = isObject(item['properties']) ? item['properties'] : {}
  const told = { messageId: item['uuid'] ?? item['messageId'], userId: item['distinct_id'] ?? properties['distinct_id'], timestamp: item['timestamp'] }
  switch (item['event']) {
    case '$identify':
      return { ...told, type: 'identify', anonymousId: properties['$anon_distinct_id'], traits: item['$set'] ?? properties['$set'] }
    case '$create_alias':
      return { ...told, type: 'alias', previousId: properties['alias'] }
    case '$groupidentify':
      return { ...told, type: 'group', groupId: properties['$group_key'], traits: properties['$group_set'] }
    case '$pageview':
      return { ...told, type: 'page', properties }
    case '$screen':
      return { ...told, type: 'screen', properties }
    default:
      return { ...told, type: 'track', event: item['event'], properties: item['properties'] }
  }
}

/** A PostHog batch as a Segment batch; `api_key` is its write key. */
export function fromPosthogBatch(body: unknown): unknown {
  if (!isObject(body) || body['api_key'] === undefined) return body
  const batch = Array.isArray(body['batch']) ? body['batch'].map(fromPosthog) : body['batch']
  const sentAt = parseTime(body['sent_at'])
  return { writeKey: body['api_key'], batch, sentAt: Number.isNaN(sentAt) ? undefined : sentAt }
}
