/**
 * How letters leave, for the studio: what the drain has in memory, joined with what the reader finds in the outbox; and
 * the holds that owners put on a domain or a relay.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isRefusal } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import type { PostOffice } from '../mail/post-office.ts'
import { meaningOf } from '../mail/refusal.ts'
import type { DeliveryCounts, DeliveryDomain, DeliveryPage, DeliveryPost } from './api-delivery.ts'
import type { Outbox } from './delivery-questions.ts'
import type { Reader } from './reader.ts'

type Options = {
  office: PostOffice
  reader: Reader
  clock: Clock
  audit: (request: FastifyRequest, did: string, about: string) => void
  /** Letters may be due. */
  onLetters: () => void
}
type Named = FastifyRequest<{ Params: { name: string } }>

const domainsShownMax = 40
const none: DeliveryCounts = { sent: 0, deferred: 0, greylisted: 0, slowed: 0, bounced: 0, failed: 0, unknown: 0, complained: 0 }

export function addDeliveryRoutes(scope: FastifyInstance, { office, reader, clock, audit, onLetters }: Options) {
  scope.get('/delivery', async (_request, reply) => {
    const now = clock.now()
    const outbox = await reader.ask('outbox', { now })
    return isRefusal(outbox) ? sendRefusal(reply, outbox) : reply.send(pageOf(office, outbox, now))
  })

  const act = (path: string, hold: (name: string) => boolean, did: string, what: string) =>
    scope.post(path, (request: Named, reply) => {
      const { name } = request.params
      if (!hold(name)) return sendRefusal(reply, { refused: 'studio.input_invalid', about: what })
      audit(request, did, `${what} ${name}`)
      onLetters()
      return reply.send({ ok: true })
    })
  act('/delivery/domains/:name/hold', (name) => office.holdDomain(name, true), 'held letters to a', 'domain')
  act('/delivery/domains/:name/resume', (name) => office.holdDomain(name, false), 'resumed letters to a', 'domain')
  act('/delivery/posts/:name/hold', (name) => office.holdWay(name, true), 'held a', 'relay')
  act('/delivery/posts/:name/resume', (name) => office.holdWay(name, false), 'resumed a', 'relay')
}

function pageOf(office: PostOffice, outbox: Outbox, now: number): DeliveryPage {
  const domains = domainsOf(office, outbox, now)
  const warmUp = office.pace.warmUp(now)
  return {
    at: now,
    posts: office.ways().map(({ fault, ...way }): DeliveryPost => ({
      ...way,
      fault: fault === null ? null : { ...fault, means: meaningOf(fault.reply) },
      today: countsOf(outbox.posts.find(({ post }) => post === way.name)),
    })),
    outbox: outbox.outbox,
    domains: domains.slice(0, domainsShownMax),
    moreDomains: Math.max(0, domains.length - domainsShownMax),
    warmUp:
      warmUp === null || warmUp.isOver
        ? null
        : { day: warmUp.day, days: warmUp.days, startsAt: warmUp.startsAt, limit: finite(warmUp.limit), next: finite(warmUp.next), groups: warmUp.groups },
    next: outbox.next,
    replies: outbox.replies,
  }
}

function domainsOf({ pace }: PostOffice, { today, week, waiting }: Outbox, now: number): DeliveryDomain[] {
  const lanes = new Map(pace.domains(now).map((domain) => [domain.name, domain]))
  const days = new Map(today.map((row) => [row.domain, row]))
  const weeks = new Map(week.map((row) => [row.domain, row]))
  const names = new Set([...weeks.keys(), ...lanes.keys()])
  const rows = [...names].map((name): DeliveryDomain => {
    const lane = lanes.get(name)
    const { perMinute, fullPerMinute } = pace.rateOf(name, now)
    const isSlow = lane !== undefined && lane.why !== null && perMinute < fullPerMinute
    return {
      name,
      perMinute: finite(perMinute),
      fullPerMinute: finite(fullPerMinute),
      waiting: lane === undefined ? 0 : waiting.filter(({ queue }) => queue >> 1 === lane.lane).reduce((sum, { n }) => sum + n, 0),
      opensAt: lane === undefined || lane.opensAt <= now || lane.opensAt === Infinity ? null : lane.opensAt,
      held: lane?.held ?? false,
      why: isSlow ? { reply: lane.why!, means: meaningOf(lane.why!), at: lane.whyAt } : null,
      today: countsOf(days.get(name)),
      week: countsOf(weeks.get(name)),
    }
  })
  // A lane that nobody waits in any more and that had nothing this week says nothing.
  return rows
    .filter(
      ({ waiting: n, held, why, week: { sent, deferred, greylisted, bounced, failed } }) =>
        n > 0 || held || why !== null || sent + deferred + greylisted + bounced + failed > 0,
    )
    .sort((a, b) => Number(b.held) - Number(a.held) || b.waiting - a.waiting || b.week.sent - a.week.sent || a.name.localeCompare(b.name))
}

const countsOf = (row: DeliveryCounts | undefined): DeliveryCounts =>
  row === undefined ? none : (Object.fromEntries(Object.keys(none).map((name) => [name, row[name as 'sent']])) as DeliveryCounts)

const finite = (n: number): number | null => (n === Infinity ? null : Math.round(n * 10) / 10)
