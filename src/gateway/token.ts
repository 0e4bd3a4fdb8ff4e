/** Identity tokens: a short JWT in which the shop's backend vouches for who is at the other end of a connection. */
import { decodeProtectedHeader, importSPKI, jwtVerify, type CryptoKey, type JWTPayload } from 'jose'
import type { Clock } from '../core/world.ts'
import type { Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { isId } from '../core/parse.ts'

/** The keys the shop signs with. Each is pinned to its algorithm, whatever a token's header says. */
export type TokenOptions = {
  audience: string
  /** HS256: at least 32 bytes. */
  secret?: string | undefined
  /** EdDSA: a public key in PEM (SPKI). */
  publicKey?: string | undefined
}

/** What a token says, checked. */
export type Identity = { userId: string; tokenId: string; email?: string | undefined }

export type TokenReader = (token: unknown) => Promise<Identity | Refusal>

const ageMax = 15 * 60
const clockToleranceSeconds = 5
const refused: Refusal = { refused: 'token.invalid' }
/** So that `token:<jti>` is a messageId. */
const tokenIdCharsMax = limits.messageIdCharsMax - 'token:'.length

/**
 * Reads identity tokens: `sub`, `aud` and `jti` are required, `email` is optional, and none lives longer than
 * 15 minutes. The reader never rejects. Throws at once when the secret is too short to be one.
 *
 *     const read = createTokenReader({ audience: 'beckon', secret }, clock)
 *     await read(token) // { userId: 'u1', tokenId: '…', email: 'a@example.com' } | { refused: 'token.invalid' }
 */
export function createTokenReader(options: TokenOptions | undefined, clock: Clock): TokenReader {
  const secret = options?.secret === undefined ? undefined : new TextEncoder().encode(options.secret)
  if (secret !== undefined && secret.length < 32) throw new TypeError('an HS256 secret has at least 32 bytes')
  let publicKey: Promise<CryptoKey> | undefined
  if (options?.publicKey !== undefined) {
    publicKey = importSPKI(options.publicKey, 'EdDSA')
    // Thrown again, and caught, wherever it is awaited.
    publicKey.catch(() => undefined)
  }

  return async (token) => {
    if (options === undefined || typeof token !== 'string') return refused
    try {
      const { alg } = decodeProtectedHeader(token)
      const key = alg === 'HS256' ? secret : alg === 'EdDSA' ? await publicKey : undefined
      if (alg === undefined || key === undefined) return refused
      const { payload } = await jwtVerify(token, key, {
        algorithms: [alg],
        audience: options.audience,
        requiredClaims: ['sub', 'jti'],
        currentDate: new Date(clock.now()),
        clockTolerance: clockToleranceSeconds,
      })
      return toIdentity(payload, clock.now() / 1000)
    } catch {
      // jose throws for every bad token; why is nobody's business but the shop's.
      return refused
    }
  }
}

function toIdentity(payload: JWTPayload, now: number): Identity | Refusal {
  const { sub, jti, iat, exp, email } = payload
  const youngEnough =
    iat !== undefined
      ? now - iat <= ageMax + clockToleranceSeconds && iat <= now + clockToleranceSeconds
      : exp !== undefined && exp <= now + ageMax + clockToleranceSeconds
  if (!youngEnough || !isId(sub) || !isId(jti, tokenIdCharsMax)) return refused
  if (email === undefined) return { userId: sub, tokenId: jti }
  return isId(email, 254) ? { userId: sub, tokenId: jti, email } : refused
}

/** Whether every key in `options` can be read; the reason where one cannot. For the checks at start. */
export async function checkTokenOptions(options: TokenOptions): Promise<string | null> {
  if (options.secret !== undefined && Buffer.byteLength(options.secret) < 32) return 'the HS256 secret has fewer than 32 bytes'
  if (options.publicKey === undefined) return null
  return importSPKI(options.publicKey, 'EdDSA').then(
    () => null,
    () => 'the EdDSA key is no PEM public key',
  )
}
