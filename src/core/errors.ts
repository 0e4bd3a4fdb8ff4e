/** Every error and refusal Beckon can name, in one table: code → [HTTP status, what to do about it]. */
export const codes = {
  // events
  'event.json_invalid': [400, 'Send one JSON object in UTF-8.'],
  'event.type_invalid': [400, 'Use type track, identify, page, screen, group or alias.'],
  'event.name_invalid': [400, 'Name the event with letters, digits, space, _ . : or -, at most 128 characters, beginning with a letter or digit.'],
  'event.id_missing': [400, 'Send userId or anonymousId.'],
  'event.id_invalid': [400, 'Ids are strings of 1 to 255 characters without control characters.'],
  'event.message_id_invalid': [400, 'messageId is a string of 1 to 100 characters.'],
  'event.previous_id_missing': [400, 'alias needs previousId.'],
  'event.time_invalid': [400, 'timestamp is an ISO 8601 instant.'],
  'event.key_forbidden': [400, 'Rename the key: __proto__, constructor and prototype are not accepted.'],
  'event.too_deep': [400, 'Nest at most 16 levels.'],
  'event.too_many_keys': [400, 'Send at most 255 keys in one event.'],
  'event.properties_invalid': [400, 'properties, traits and context are JSON objects.'],
  'event.too_large': [413, 'One event holds at most 32 KB.'],
  'event.id_reused': [409, 'This messageId came before with another body: give each event an id of its own.'],
  'batch.too_large': [413, 'One batch holds at most 500 KB.'],
  'batch.too_many': [413, 'One batch holds at most 2,500 events.'],
  'batch.invalid': [400, 'Send { "batch": [ … ] }.'],
  // keys
  'key.missing': [401, 'Send a write key: Basic auth with the key as user, or writeKey in the body.'],
  'key.unknown': [401, 'Check the key: `beckon start` prints the keys this server knows.'],
  'key.secret_in_browser': [403, 'A secret key must stay on a server: use the public pk_ key in browsers.'],
  'key.secret_required': [403, 'This needs a secret sk_ key in the Authorization header.'],
  'origin.unlisted': [403, 'Add the page’s origin to BECKON_ORIGINS.'],
  'token.invalid': [401, 'The identity token is not signed by a key this server knows, or has expired.'],
  // products
  'product.id_invalid': [400, 'Give each product an id of 1 to 255 characters without control characters.'],
  'product.invalid': [400, 'Mend the field named: texts, numbers from 0, an ISO 4217 currency, whole http(s) addresses.'],
  'product.unknown': [404, 'There is no product with this id.'],
  // consents
  'consent.invalid': [400, 'Mend what is named: email or user_id, status, topics as offers=no;orders=yes, at as an ISO 8601 instant of the past.'],
  // webhooks
  'webhook.unknown': [404, 'Use /v1/webhooks/ with ses, sendgrid, mailgun, postmark or resend.'],
  'webhook.off': [404, 'Give the server this provider’s secret: the README names the variable.'],
  'webhook.unsigned': [401, 'The signature does not fit: compare the secret with the one the provider shows, and send the body unchanged.'],
  'webhook.late': [401, 'It was signed too long ago, or in the future: compare the clocks.'],
  'webhook.invalid': [400, 'Send the provider’s own payload as JSON.'],
  'webhook.topic_unlisted': [403, 'Add the topic’s ARN to BECKON_SES_TOPIC.'],
  // reports
  'report.invalid': [400, 'Check the parameter named.'],
  // codes
  'code.unknown': [404, 'No letter and no pool has this code.'],
  'code.mistyped': [400, 'A character is wrong, missing or swapped: have it typed again from the letter.'],
  'code.expired': [410, 'It was good until the instant named.'],
  'code.used': [409, 'A code is good for one order; POST /v1/codes/release frees it when that order is off.'],
  'code.not_sent': [409, 'Nobody has been sent this code yet.'],
  'code.withdrawn': [410, 'Its letter never left, so nobody can have this code.'],
  'code.invalid': [400, 'A code is 1 to 40 printable ASCII characters.'],
  'code.taken': [409, 'Each code stands in one pool only.'],
  'code.guesses': [429, 'Too many wrong codes from this address: wait for the time given.'],
  'code.input_invalid': [400, 'Send the field named as text: { "code": "…", "orderId": "…" }.'],
  'pool.name_invalid': [400, 'Name the pool with letters, digits, space, _ . or -, at most 64 characters, beginning with a letter or digit.'],
  'pool.unknown': [404, 'Upload codes with PUT /v1/codes/pools/NAME first.'],
  'pool.list_invalid': [400, 'Send a JSON array of codes, a CSV with a column named code, or one code a line.'],
  // socket
  'socket.hello_late': [408, 'Send hello within 5 seconds.'],
  'socket.hello_missing': [400, 'Send hello first.'],
  'socket.hello_twice': [400, 'Send hello once.'],
  'socket.seq_invalid': [400, 'seq counts up by one from 1.'],
  'socket.credit_exceeded': [429, 'Wait for acks: more events are under way than welcome allowed.'],
  'socket.slow_reader': [429, 'Read what the server sends.'],
  'socket.too_many': [429, 'Too many connections from this address.'],
  'socket.protocol_missing': [400, 'Ask for the subprotocol beckon.v1.'],
  'socket.frame_invalid': [400, 'Send text frames, each one JSON object in UTF-8.'],
  // load
  'rate.exceeded': [429, 'Slow down and retry after the time given.'],
  overload: [503, 'The server is behind: retry after the time given.'],
  stopping: [503, 'The server is stopping: retry in a moment.'],
  // paths
  'route.unknown': [404, 'Check the path and the method.'],
  'link.unknown': [404, 'The link is not one of ours, or was changed on its way.'],
  internal: [500, 'Try again; the server’s log names the fault.'],
  // machines
  'machine.state_unknown': [500, 'A snapshot stands in a state the machine no longer has: it is migrated when loaded.'],
  'machine.refused': [500, 'Mend the machine file named and start again.'],
  'turn.threw': [500, 'The machine threw on this event; it is quarantined. Mend the machine and retry it.'],
  'turn.endless': [500, 'One event asked for more effects than a turn may have; look for a loop in the machine.'],
  // letters
  'template.missing': [500, 'Add the template file, or remove the letter from the machine.'],
  'template.broken': [500, 'Mend the template at the line shown.'],
  'address.invalid': [400, 'Use exactly one plain address such as name@example.com.'],
  // store
  'store.full': [500, 'Free some disk space and start again; nothing acknowledged is lost.'],
  'store.failed': [500, 'The database could not be written; check the disk, then start again. Nothing acknowledged is lost.'],
  'store.busy': [500, 'Another process holds the database: stop it, or use another --data directory.'],
  'store.corrupt': [500, 'Restore a backup, or run `sqlite3 beckon.db .recover`.'],
  'store.older': [500, 'Start the server on it once: that brings it up to date.'],
  'store.newer': [500, 'This database was written by a newer Beckon: upgrade, or restore the older backup.'],
  'store.unsafe': [500, 'SQLite did not accept synchronous=FULL; refuse to run without it.'],
  // studio
  'studio.signed_out': [401, 'Sign in first.'],
  'studio.sign_in_failed': [401, 'The name and the password do not belong together.'],
  'studio.sign_in_paused': [429, 'Too many tries: wait for the time given.'],
  'studio.role_too_low': [403, 'This needs an owner: readers look, owners change.'],
  'studio.origin_foreign': [403, 'Open the studio at the address the server prints; pages elsewhere may not speak for you.'],
  'studio.link_spent': [410, 'The link was used, or is older than a day: ask an owner for a new one; while there is none, start the server again.'],
  'studio.input_invalid': [400, 'Check the value named.'],
  'letter.unknown': [404, 'There is no letter with this number (any more).'],
  'letter.not_waiting': [409, 'Only a failed letter can be sent again, and only a held one released: look at its state again.'],
  'letter.code_gone': [409, 'Its code went to another letter when it failed, so it cannot go out any more.'],
  'letter.unwanted': [409, 'They want no letters any more, so none is sent to them, whoever asks.'],
  'quarantine.unknown': [404, 'It was retried already, or is not there.'],
  'sandbox.only': [409, 'Time can be skipped for sandbox customers only: make one under Try it.'],
  // command line
  usage: [500, 'See `beckon --help`.'],
  'node.too_old': [500, 'Run it with `npm start`, which uses the pinned Node 26.'],
  'port.taken': [500, 'Another program listens there: choose another with --port.'],
  'file.missing': [500, 'Check the path.'],
  'file.invalid': [500, 'Mend the line named, or choose another --format.'],
  'customer.unknown': [404, 'Check the id or e-mail.'],
  'setting.unknown': [500, 'See machines/settings.ts for the names.'],
} as const satisfies Record<string, readonly [status: number, hint: string]>

export type Code = keyof typeof codes

/** A refusal is an expected answer, so it is a value: what was refused, and about which thing. */
export type Refusal = { refused: Code; about?: string; retryAfterMs?: number }

export const isRefusal = (value: unknown): value is Refusal => typeof value === 'object' && value !== null && 'refused' in value

/** A broken promise. Its message is one sentence; `hint` says what to do. */
export class BeckonError extends Error {
  readonly code: Code
  readonly hint: string
  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'BeckonError'
    this.code = code
    this.hint = codes[code][1]
  }
}
