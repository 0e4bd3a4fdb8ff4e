/** How a code stands, in a word. */
import type { CodeState } from '../../studio/api-codes.ts'

const tints: Record<CodeState, string> = { free: '', reserved: 'low', redeemed: 'good', expired: 'warn', returned: '' }
const words: Record<CodeState, string> = {
  free: 'free',
  reserved: 'with its customer',
  redeemed: 'redeemed',
  expired: 'expired',
  returned: 'back in its pool',
}

export const CodeChip = ({ state }: { state: CodeState }) => <span class={`chip ${tints[state]}`}>{words[state]}</span>
