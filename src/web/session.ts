/** Who is looking, and in which light. */
import { createStore } from '@xstate/store'
import type { Me } from '../studio/api.ts'
import { ask } from './ask.ts'
import { connect } from './live.ts'

export const session = createStore({
  context: { me: null as Me | null, fault: null as Error | null },
  on: {
    known: (_, { me }: { me: Me }) => ({ me, fault: null }),
    failed: (context, { fault }: { fault: Error }) => ({ ...context, fault }),
  },
})

/** Asks the server who we are; whoever may look is connected to the live feed. */
export async function meet(): Promise<void> {
  try {
    const me = await ask<Me>('me')
    session.trigger.known({ me })
    if (me.role !== null) connect()
  } catch (fault) {
    session.trigger.failed({ fault: fault as Error })
  }
}

/** Whether we may change anything. */
export const isOwner = () => session.get().context.me?.role === 'owner'

export type Theme = 'auto' | 'light' | 'dark'

export function themeOf(): Theme {
  try {
    return (localStorage.getItem('theme') as Theme | null) ?? 'auto'
  } catch {
    return 'auto'
  }
}

export function useLight(theme: Theme): void {
  try {
    localStorage.setItem('theme', theme)
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
  applyTheme(theme)
}

export function applyTheme(theme: Theme = themeOf()): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
