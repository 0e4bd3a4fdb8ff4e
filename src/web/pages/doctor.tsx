/** The doctor on a page of its own. */
import { Doctor } from '../delivery/doctor.tsx'
import { useTitle } from '../hooks.ts'

export function DoctorPage(_: { params: string[] }) {
  useTitle('Is my domain ready?')
  return (
    <>
      <header>
        <h1>Delivery</h1>
      </header>
      <Doctor />
    </>
  )
}
