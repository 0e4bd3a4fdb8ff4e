/** What the server itself was told, and whether its links can be reached. */
import type { DoctorCheck } from '../studio/api-doctor.ts'
import { bad, toCheck, warn } from './check.ts'
import type { Fault } from './check.ts'
import { isIP } from 'node:net'
import { isPrivate, isReserved } from './patient.ts'
import type { Patient } from './patient.ts'
import type { Resolver } from './resolver.ts'

export const aboutSetup = {
  id: 'setup',
  title: 'This server: sender and footer',
  why: 'The law asks for a postal address in commercial mail (CAN-SPAM; an imprint in the EU), and nobody can answer a sender that does not exist.',
}

export const aboutSite = {
  id: 'site',
  title: 'Links and pictures: the public address',
  why: 'Every link, picture and unsubscribe button of a letter leads there; mail programs warn of plain http.',
}

export const aboutUnsubscribe = {
  id: 'unsubscribe',
  title: 'One-click unsubscribe',
  why: 'Gmail and Yahoo want List-Unsubscribe and List-Unsubscribe-Post in marketing mail, with an https address, both under DKIM, honoured within two days.',
}

/** Whether something of ours answers there: its HTTP status, or why not. */
export type Reach = (url: string) => Promise<{ status: number } | { fault: string }>

export function checkSetup({ own, relay, domain }: Patient): DoctorCheck {
  const faults: Fault[] = []
  const blame = relay === null ? warn : bad
  if (isReserved(domain)) faults.push(blame(`${own?.from} is no address of yours: set BECKON_FROM='Your shop <hello@your-domain>'.`))
  if (own?.postalAddress === null) faults.push(blame('Letters carry the sample shop’s postal address: set BECKON_SHOP_ADDRESS.'))
  const found = own === null ? [] : [`Letters come from ${own.from}.`, ...(own.postalAddress === null ? [] : [`They end with ${own.postalAddress}.`])]
  return toCheck(aboutSetup, { found, faults, todo: faults.length === 0 ? null : 'Set what is named and start the server again.' })
}

export async function checkSite({ own, relay }: Patient, resolver: Resolver, reach: Reach): Promise<DoctorCheck> {
  const url = URL.parse(own?.publicUrl ?? '')
  if (url === null) return toCheck(aboutSite, { found: [], faults: [bad('There is no public address.')], todo: setUrl })
  const found = [url.origin]
  if (isPrivate(url.hostname)) {
    const words = `${url.hostname} can be reached from here only, so no link in a letter works for anybody else.`
    return toCheck(aboutSite, { found, faults: [relay === null ? warn(words) : bad(words)], todo: setUrl })
  }
  const faults: Fault[] = url.protocol === 'https:' ? [] : [bad('It is plain http.')]
  const bare = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(bare) === 0 ? (await Promise.all([resolver.a(bare), resolver.aaaa(bare)])).flat() : [bare]
  if (addresses.length === 0) faults.push(bad(`${bare} has no address in the DNS.`))
  else if (addresses.every(isPrivate)) faults.push(bad(`${bare} leads to ${addresses[0]}, which only your own network can reach.`))
  else faults.push(...(await reachFaults(url, reach)))
  return toCheck(aboutSite, { found, faults, todo: faults.length === 0 ? null : setUrl })
}

async function reachFaults(url: URL, reach: Reach): Promise<Fault[]> {
  const answer = await reach(new URL('/livez', url).href)
  if ('fault' in answer) return [warn(`It does not answer from this machine: ${answer.fault}. Look from outside too.`)]
  return answer.status === 200 ? [] : [warn(`/livez answers ${answer.status} there, so it may not be this server.`)]
}

export function checkUnsubscribe({ own, dkim, relay }: Patient): DoctorCheck {
  const isHttps = own?.publicUrl.startsWith('https:') ?? false
  const faults: Fault[] = []
  if (!isHttps) faults.push((relay === null ? warn : bad)('The button needs https: with the public address as it is, mail programs show none.'))
  if (dkim.privateKey === null)
    faults.push(warn('We do not sign, so see that the relay’s signature covers both headers; without that the button does not show.'))
  const found = [
    'Every letter carries List-Unsubscribe and List-Unsubscribe-Post; one click is enough, and is honoured at once.',
    ...(dkim.privateKey === null ? [] : ['Our signature covers both.']),
  ]
  return toCheck(aboutUnsubscribe, { found, faults, todo: faults.length === 0 ? null : isHttps ? 'Sign here: BECKON_DKIM_KEY_FILE.' : setUrl })
}

/** Asks over the network, following nothing. */
export function createReach(timeoutMs = 5_000): Reach {
  return async (url) => {
    try {
      const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
      await response.body?.cancel()
      return { status: response.status }
    } catch (error) {
      const { message, cause } = error as Error
      return { fault: cause instanceof Error && cause.message !== '' ? cause.message : message }
    }
  }
}

const setUrl = 'Put https in front of this server and start it with BECKON_PUBLIC_URL=https://…'
