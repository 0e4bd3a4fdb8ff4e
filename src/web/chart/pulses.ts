/** Light that runs along a transition when it is taken. It goes past the components, so that nothing is drawn anew for it. */

/** How many run at a time; more would tell nothing. */
const runningMax = 36
const runMs = 1_100
const restMs = 180

export type Pulses = {
  /** A transition, by its key, was taken `times` times. */
  pulse: (key: string, times?: number) => void
  listen: (hear: (key: string, times: number) => void) => () => void
}

export function createPulses(): Pulses {
  const listeners = new Set<(key: string, times: number) => void>()
  return {
    pulse: (key, times = 1) => {
      for (const hear of listeners) hear(key, times)
    },
    listen: (hear) => {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
  }
}

let running = 0

/** Runs up to three lights along `line`, drawn into `layer`; where nothing shall move, the line lights up for a moment. */
export function runAlong(line: SVGPathElement, layer: SVGGElement, times: number): void {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  const lights = still ? 1 : Math.min(3, times)
  const length = line.getTotalLength()
  for (let i = 0; i < lights && running < runningMax; i++) {
    const light = line.cloneNode() as SVGPathElement
    light.setAttribute('class', 'chart-light')
    layer.append(light)
    const trail = Math.min(30, length / 2)
    light.style.strokeDasharray = still ? '' : `${trail} ${length + trail}`
    const frames = still ? [{ opacity: 1 }, { opacity: 0 }] : [{ strokeDashoffset: trail }, { strokeDashoffset: -length }]
    run(light, light.animate(frames, { duration: runMs, delay: i * restMs, easing: still ? 'linear' : 'cubic-bezier(.4,0,.3,1)', fill: 'both' }))
  }
}

/** Lights up a state in which something was noted without leaving it. */
export function glow(shape: SVGElement, layer: SVGGElement): void {
  if (running >= runningMax) return
  const light = shape.cloneNode() as SVGElement
  light.setAttribute('class', 'chart-light')
  layer.append(light)
  run(light, light.animate([{ opacity: 1 }, { opacity: 0 }], { duration: runMs, fill: 'both' }))
}

function run(light: SVGElement, animation: Animation) {
  running++
  const end = () => {
    light.remove()
    running--
  }
  animation.finished.then(end, end)
}
