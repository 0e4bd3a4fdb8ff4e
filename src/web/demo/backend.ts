/** Questions to the shop's own backend, under `/demo/api`. */
import type { DemoShop } from '../../studio/demo-products.ts'
import { Refused } from '../ask.ts'

export type { DemoLetter, DemoProduct, DemoShop } from '../../studio/demo-products.ts'

/** The answer to GET `/demo/api/…`, or to POST with a body. Throws `Refused`; throws `TypeError` when the server cannot be reached. */
export async function askShop<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(
    `/demo/api/${path}`,
    body === undefined
      ? { headers: { accept: 'application/json' } }
      : { method: 'POST', headers: { accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify(body) },
  )
  const value: unknown = await response.json().catch(() => ({}))
  if (!response.ok) throw new Refused(response.status, value as object)
  return value as T
}

/** The shop as it opened. */
let opened: DemoShop | null = null

export async function openShop(): Promise<DemoShop> {
  return (opened ??= await askShop<DemoShop>('shop'))
}

/** What the shop is called and sells. Only after `openShop`. */
export const shop = (): DemoShop => opened!
export const productOf = (id: string) => opened!.products.find((product) => product.id === id)
