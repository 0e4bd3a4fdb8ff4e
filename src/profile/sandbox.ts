/** Customers made up to try things: their time may be skipped, and their letters never leave the house. Pure. */
import type { Profile } from './profile.ts'

/** Their ids begin so. */
export const sandboxPrefix = 'sandbox-'
/** Their addresses are of this domain, which can exist nowhere (RFC 2606). */
export const sandboxDomain = 'sandbox.invalid'

export const isSandboxAddress = (address: string): boolean => address.endsWith(`@${sandboxDomain}`)

/** Whether somebody made up is called so: only they may be ahead in time. */
export const hasSandboxName = ({ userId, anonymousId }: Profile): boolean => (userId ?? anonymousId ?? '').startsWith(sandboxPrefix)

/** Whether nobody real can be behind a profile. */
export const isSandbox = (profile: Profile): boolean => hasSandboxName(profile) && (profile.email === undefined || isSandboxAddress(profile.email))
