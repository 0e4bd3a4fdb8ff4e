/** What a checkup can find: how bad it is, what it means, and what to do about it. The worst stand first. */
import type { Severity } from '../studio/api-checkup.ts'

type Kind = readonly [severity: Severity, title: string, why: string, todo: string]

export const kinds = {
  lives_differ: [
    'wrong',
    'Stored lives that are not what their log tells',
    'A stored life is a cache of the log. One that differs is a fault of ours, or of the disk.',
    'Run beckon check on a copy of the database and tell us what it says; the log is the truth and is not hurt.',
  ],
  lives_unreached: [
    'wrong',
    'Lives that no id leads to',
    'No event can reach them any more: neither a user id, nor a device, nor an address leads there.',
    'Restore a backup from before they were lost, or let them be: they get no events, and their timers still run.',
  ],
  ids_astray: ['wrong', 'Ids that lead nowhere', 'An event with such an id would find no life.', 'Restore a backup, or send events of these customers again.'],
  records_astray: [
    'wrong',
    'Letters and decisions of customers who do not exist',
    'They count for nobody, and nobody can be told of them.',
    'Restore a backup from before their customers were lost.',
  ],
  ids_mismatched: [
    'wrong',
    'User ids that lead to somebody else',
    'The profile behind the user id says another user id, so two people may be told as one.',
    'Look at both: does the shop use one id for two people, or change ids? Send alias when an id changes.',
  ],
  events_aside: [
    'wrong',
    'Events that no machine could take',
    'A machine threw on them. Each is kept, and its customer goes on without it.',
    'Mend the machine, start again, and retry them under Live.',
  ],
  address_shared: [
    'look',
    'One vouched-for address, several customers',
    'Each gets letters of their own, so one person may get them twice.',
    'Has this person two accounts? Join them in the shop, and send alias with the id that goes.',
  ],
  consent_suppressed: [
    'look',
    'Subscribed, and yet not to be written to',
    'They said yes, but their address bounced, complained or was unsubscribed: they get nothing.',
    'Ask them for another address; nobody is written to against the stricter word.',
  ],
  sandbox_address: [
    'look',
    'Made-up customers with a real address',
    'Ids that begin with sandbox- are for trying things; this one has an address that exists.',
    'Rename the user in the shop: ids that begin with sandbox- are Beckon’s own.',
  ],
  device_shared: [
    'look',
    'Devices that many people use',
    'Three or more user ids came from one device: a shop’s own terminal, a test, or an anonymous id that is never renewed.',
    'Forget the anonymous id when somebody signs out (reset in the client).',
  ],
  devices_many: [
    'look',
    'Customers with very many devices',
    'More than 20 anonymous ids lead to one customer: a robot, a test, or a client that makes a new id for every visit.',
    'See whether the shop keeps the anonymous id between visits.',
  ],
  refused: [
    'look',
    'Requests and events that were refused, last 7 days',
    'The gateway would not take them; who sent them was told why.',
    'Each code says how to mend it; the latest stand under Live.',
  ],
  product_unknown: [
    'look',
    'Products in carts and letters that nobody told of',
    'What is known of them is what the cart’s own events said: no stock, no fresh price.',
    'Put them into the feed, or send them to PUT /v1/products.',
  ],
  product_bare: [
    'look',
    'Products in carts and letters with something missing',
    'Without a name or link they are not recommended; without a picture or price a letter looks poor.',
    'Complete them in the feed, or with PATCH /v1/products.',
  ],
  product_currency: [
    'look',
    'Products priced in another currency than the shop’s',
    'A letter shows a price only in its customer’s own currency, so most letters show none.',
    'Send prices in the shop’s currency, or set BECKON_CURRENCY.',
  ],
  product_link: [
    'look',
    'Links and pictures that look wrong',
    'Nothing was fetched; their form alone says so: another host than the shop’s, a private host, or http where the shop has https.',
    'Correct them in the feed.',
  ],
  address_claimed: [
    'hint',
    'One typed address, several customers',
    'It was typed in several browsers and nobody vouches for more than one of them. They are joined when the shop does.',
    'Send identify from the server when somebody signs in or orders.',
  ],
  address_alike: [
    'hint',
    'Addresses that may be one mailbox',
    'They differ in dots, or in what follows a plus.',
    'Nothing need be done; where it is one person, join them in the shop.',
  ],
  address_mistyped: [
    'hint',
    'Addresses that were probably mistyped',
    'Their domain is one letter away from one that everybody uses.',
    'Ask for the address again; letters to it will bounce or reach a stranger.',
  ],
  product_sold_out: [
    'hint',
    'Sold out, and in carts or letters of the last 30 days',
    'Carts name such lines as sold out; letters that went out before may still be read.',
    'Restock what people wait for, or take away what will not come back.',
  ],
  product_learnt: [
    'hint',
    'Products known from events alone',
    'The shop tells of other products, but not of these: they have no stock.',
    'Put them into the feed.',
  ],
  product_unseen: [
    'hint',
    'Products that nobody has looked at',
    'Told by the shop, and in none of the latest events.',
    'Are their ids the same in the feed and in the shop’s events?',
  ],
  lives_forgotten: ['hint', 'Not heard of for a year, and without an address', 'They can never be written to, and take up room.', 'Nothing need be done.'],
  sandboxes: ['hint', 'Made-up customers', 'Left over from trying things; they get no real letters.', 'Nothing need be done.'],
} as const satisfies Record<string, Kind>

export type FindingId = keyof typeof kinds

export const findingIds = Object.keys(kinds) as FindingId[]
