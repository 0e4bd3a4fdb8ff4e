/** Bounces and complaints, on a page of their own. */
import { Bounces as Section } from '../delivery/bounces.tsx'
import { useTitle } from '../hooks.ts'

export function Bounces(_: { params: string[] }) {
  useTitle('What came back')
  return (
    <>
      <header>
        <h1>What came back</h1>
      </header>
      <Section />
    </>
  )
}
