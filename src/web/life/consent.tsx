/** How a customer stands to letters, and each yes and no that led there. */
import type { ConsentChange, ConsentPage } from '../../studio/api-consent.ts'
import type { CustomerPage } from '../../studio/api.ts'
import { useAsk } from '../hooks.ts'
import { Fault, Time } from '../parts/basics.tsx'
import '../styles/consent.css'

const shownMax = 12

export function Consents({ page, now }: { page: CustomerPage; now: number }) {
  const { value, fault, again } = useAsk<ConsentPage>(`customers/${page.id}/consent`)
  return (
    <section class="card consents" aria-labelledby="consents-title">
      <header>
        <h2 id="consents-title">Consent</h2>
        <span class="soft small">each change, the last first</span>
      </header>
      {fault && <Fault fault={fault} again={again} />}
      {value !== null && value.history.length === 0 && (
        <p class="body soft">
          {value.status === 'not asked' ? 'They have said neither yes nor no to letters.' : `Nothing in their own life: the address is ${value.status}.`}
        </p>
      )}
      {value !== null && value.history.length > 0 && (
        <ul>
          {value.history.slice(0, shownMax).map((change, index) => (
            <li key={index}>
              <span class="break">
                <strong>{changeWords(change)}</strong> <span class="soft small">{byWords(change)}</span>
              </span>
              <span class="small">
                {change.letter !== null && (
                  <>
                    <a href={`/studio/inbox/${change.letter.id}`}>letter</a>{' '}
                  </>
                )}
                <Time at={change.at} now={now} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {value !== null && value.history.length > shownMax && <p class="body soft small">and {value.history.length - shownMax} earlier</p>}
    </section>
  )
}

/** `subscribed`, `no offers · yes orders`. */
const changeWords = ({ consent, suppressed, topics }: ConsentChange): string =>
  [
    consent === 'pending' ? 'asked, yet to confirm' : consent,
    suppressed === undefined ? undefined : `never written to (${suppressed})`,
    ...Object.entries(topics ?? {}).map(([name, wants]) => `${wants ? 'yes' : 'no'} to ${name}`),
  ]
    .filter(Boolean)
    .join(' · ')

const ways: Record<ConsentChange['by'], string> = {
  browser: 'in a browser',
  token: 'in a browser with a signed token',
  server: 'by the shop’s server',
  import: 'by an import',
  'letter link': 'by the link in',
  bounce: 'when it came back:',
  complaint: 'by reporting',
  merge: 'when two lives were joined',
}

const byWords = ({ by, source, saidAt, letter }: ConsentChange): string =>
  [ways[by], letter?.template, source === null ? null : `from ${source}`, saidAt === null ? null : `of ${new Date(saidAt).toLocaleDateString()}`]
    .filter(Boolean)
    .join(' ')
