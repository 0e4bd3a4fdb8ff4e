/** The customer: every journey side by side. To add one, write its file and name it here. */
import { customerOf } from '#kit'
import { browsing } from './browsing.ts'
import { cart } from './cart.ts'
import { consent } from './consent.ts'
import { engagement } from './engagement.ts'
import { presence } from './presence.ts'
import { purchase } from './purchase.ts'
import type { Settings } from './settings.ts'

export const customer = (settings: Settings) => customerOf({ cart, browsing: browsing(settings), purchase, engagement, presence, consent }, settings)
