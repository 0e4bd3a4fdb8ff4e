/** Questions to the server, and what it answers. */

/** Why the server would not answer: its code, one sentence, and what to do. */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string
  constructor(status: number, { code, message, hint }: { code?: string; message?: string; hint?: string }) {
    super(message ?? `the server answered ${status}`)
    this.status = status
    this.code = code ?? 'unknown'
    this.hint = hint ?? ''
  }
}

/** The answer to GET `/studio/api/…`. Throws `Refused`; throws `TypeError` when the server cannot be reached. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answerOf<T>(await fetch(`/studio/api/${path}`, { headers: { accept: 'application/json' }, ...(signal === undefined ? {} : { signal }) }))
}

/** The answer to POST, or DELETE, `/studio/api/…`. */
export async function tell<T>(path: string, body: unknown = {}, method: 'POST' | 'DELETE' = 'POST'): Promise<T> {
  return answerOf<T>(
    await fetch(`/studio/api/${path}`, { method, headers: { accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  )
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text()
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch {
    throw new Refused(response.status, { message: 'the server answered something else than JSON' })
  }
  if (!response.ok) throw new Refused(response.status, value as object)
  return value as T
}

/** `customers?query=ann&limit=50`, without what is undefined, null or empty. */
export function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}
