/** The visitor's machine, moving. */
import { Spinner } from '../parts/common.tsx'
import { Regions } from './life.tsx'
import type { Life } from './life.tsx'

export function Machine({ life }: { life: Life }) {
  if (life.standing === null) return life.page === null && life.fault === null ? <Spinner what="Asking where you stand" /> : null
  return <Regions standing={life.standing} lead={life.lead} />
}
