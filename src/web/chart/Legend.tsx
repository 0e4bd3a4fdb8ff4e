/** What the marks of the chart mean. */
import { EnvelopeMark, Sample } from './parts.tsx'

export function Legend() {
  return (
    <details class="card legend" open={matchMedia('(min-width: 861px)').matches}>
      <summary>How to read it</summary>
      <ul>
        <li>
          <Sample>
            <g class="chart-node state">
              <rect class="shape" x="3" y="3" width="40" height="18" rx="6" />
              <circle class="start" cx="12" cy="12" r="3" />
            </g>
          </Sample>
          a state; the dot: where it begins
        </li>
        <li>
          <Sample>
            <g class="chart-node anywhere">
              <rect class="shape" x="3" y="3" width="40" height="18" rx="9" />
            </g>
          </Sample>
          wherever the customer is in there
        </li>
        <li>
          <Sample>
            <g class="chart-node passing">
              <rect class="shape" x="3" y="3" width="40" height="18" rx="9" />
            </g>
          </Sample>
          left at once
        </li>
        {(['high', 'medium', 'low'] as const).map((priority) => (
          <li key={priority}>
            <Sample>
              <g class={`chart-node letter ${priority}`}>
                <rect class="shape" x="3" y="2" width="40" height="20" rx="6" />
              </g>
              <g class={`chart-words letter ${priority}`}>
                <EnvelopeMark x={16} y={12} />
              </g>
            </Sample>
            a letter of {priority} priority
          </li>
        ))}
        <li>
          <Sample>
            <g class="chart-node active state">
              <rect class="shape" x="6" y="5" width="34" height="14" rx="5" />
            </g>
            <g class="chart-ring">
              <rect class="way" x="3" y="2" width="40" height="20" rx="8" />
              <rect class="left" x="3" y="2" width="40" height="20" rx="8" pathLength={1} stroke-dasharray="0.6 1" />
            </g>
          </Sample>
          the customer is here; the ring: its timer
        </li>
        <li>
          <Sample>
            <g class="chart-badge some">
              <rect x="10" y="3" width="26" height="18" rx="9" />
              <text x="23" y="16" text-anchor="middle">
                12
              </text>
            </g>
          </Sample>
          customers who stand there now
        </li>
      </ul>
      <p class="small soft">[in brackets]: only if that holds. Arrow keys go through a region.</p>
    </details>
  )
}
