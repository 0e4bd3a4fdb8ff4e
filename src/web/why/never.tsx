/** Why a letter did not come up, or has not again: where its journey stands, what it lacks, and the nearest it came. */
import type { WhyNever } from '../../studio/api.ts'
import type { Life } from '../life/life.ts'
import { Path, sentence } from '../life/told.tsx'
import { exactly, when } from '../words.ts'

export function Never({ never, life, template, before }: { never: WhyNever; life: Life; template: string; before: number }) {
  const { nearest } = never
  return (
    <div class="never">
      {before > 0 && <h3>And since then</h3>}
      <p class={before > 0 ? 'break' : 'verdict break'}>{sentence(never.words)}</p>
      <div class="never-parts">
        <div>
          <h3>{before > 0 ? `What ${template} needs to come up again` : `What ${template} needs`}</h3>
          <Needs needs={never.needs} />
        </div>
        {nearest && (
          <div>
            <h3>The nearest it came</h3>
            <button type="button" class="step" onClick={() => life.go(nearest.index)}>
              <span class="numbers small soft" title={exactly(nearest.at)}>
                {when(nearest.at, life.now())}
              </span>
              <span>
                in{' '}
                <strong>
                  <Path path={nearest.state} />
                </strong>
              </span>
            </button>
            {nearest.needs.length > 0 && (
              <>
                <p class="soft small">From there it still needed</p>
                <Needs needs={nearest.needs} />
              </>
            )}
            {nearest.left && (
              <>
                <p class="soft small">What led away</p>
                <button type="button" class="step" onClick={() => life.go(nearest.left!.index)}>
                  <span class="numbers small soft" title={exactly(nearest.left.at)}>
                    {when(nearest.left.at, life.now())}
                  </span>
                  <span class="break">
                    <strong>{nearest.left.name}</strong> → <Path path={nearest.left.to} />
                  </span>
                </button>
              </>
            )}
          </div>
        )}
      </div>
    </div>
  )
}

const Needs = ({ needs }: { needs: readonly string[] }) => (
  <ol class="needs">
    {needs.map((need, index) => (
      <li key={index} class="break">
        {need}
      </li>
    ))}
  </ol>
)
