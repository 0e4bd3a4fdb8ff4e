/** Questions to the DNS, each with a time limit and an answer of bounded size. */
import { Resolver as Dns } from 'node:dns/promises'
import { isIPv4 } from 'node:net'

export type Mx = { exchange: string; priority: number }

/**
 * Answers [] where the DNS says that there is none; rejects where it does not answer, which tells nothing.
 * A text record's strings come joined. Names without a dot at the end, in lower case.
 */
export type Resolver = {
  txt(name: string): Promise<string[]>
  mx(name: string): Promise<Mx[]>
  a(name: string): Promise<string[]>
  aaaa(name: string): Promise<string[]>
  /** The names of an address. */
  ptr(ip: string): Promise<string[]>
  cname(name: string): Promise<string[]>
}

/** The resolver of this machine, or of `servers`. */
export function createResolver({ timeoutMs = 2_500, tries = 2, servers }: { timeoutMs?: number; tries?: number; servers?: readonly string[] } = {}): Resolver {
  const dns = new Dns({ timeout: timeoutMs, tries })
  if (servers !== undefined) dns.setServers(servers)
  const names = async (question: Promise<string[]>) => (await answered(question)).map(toName)
  return {
    txt: async (name) => (await answered(dns.resolveTxt(name))).map((strings) => strings.join('').slice(0, textCharsMax)),
    mx: async (name) => (await answered(dns.resolveMx(name))).map(({ exchange, priority }) => ({ exchange: toName(exchange), priority })),
    a: (name) => answered(dns.resolve4(name)),
    aaaa: (name) => answered(dns.resolve6(name)),
    ptr: (ip) => names(dns.resolvePtr(arpaOf(ip))),
    cname: (name) => names(dns.resolveCname(name)),
  }
}

/** The same resolver for one examination: no question is asked twice, and at most so many are asked. */
export function sparing(resolver: Resolver, questionsMax: number): Resolver {
  const asked = new Map<string, Promise<unknown>>()
  const once =
    <T>(kind: string, ask: (name: string) => Promise<T>) =>
    (name: string): Promise<T> => {
      const key = `${kind} ${toName(name)}`
      let answer = asked.get(key) as Promise<T> | undefined
      if (answer === undefined) {
        if (asked.size >= questionsMax) return Promise.reject(new Error(`more than ${questionsMax} questions to the DNS`))
        answer = ask(toName(name))
        asked.set(key, answer)
      }
      return answer
    }
  return {
    txt: once('TXT', resolver.txt),
    mx: once('MX', resolver.mx),
    a: once('A', resolver.a),
    aaaa: once('AAAA', resolver.aaaa),
    ptr: once('PTR', resolver.ptr),
    cname: once('CNAME', resolver.cname),
  }
}

/** The name under which the DNS keeps an address's name. Pure. */
export function arpaOf(ip: string): string {
  if (isIPv4(ip)) return `${ip.split('.').reverse().join('.')}.in-addr.arpa`
  // URL writes an IPv6 address in one way, IPv4 tails included.
  const [head = '', tail] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  while (groups.length + after.length < 8) groups.push('0')
  const digits = [...groups, ...after].map((group) => group.padStart(4, '0')).join('')
  return `${[...digits].reverse().join('.')}.ip6.arpa`
}

async function answered<T>(question: Promise<T[]>): Promise<T[]> {
  try {
    return (await question).slice(0, answersMax)
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    throw new Error(`the DNS did not answer (${code})`, { cause: error })
  }
}

const toName = (name: string): string => name.replace(/\.$/, '').toLowerCase()

const answersMax = 50
const textCharsMax = 4_096
