/** The letter as it was sent, in frames without scripts or origin: as wide as a phone and as wide as a desktop's window. */
import { useEffect, useRef, useState } from 'preact/hooks'

const widths = { phone: 390, desktop: 700 } as const
type Width = keyof typeof widths
const heightPx = 780
/** Both frames, what is between them, and their borders. */
const roomForBoth = widths.phone + widths.desktop + 24 + 4

const names: Record<Width, string> = { phone: 'Phone', desktop: 'Desktop' }

export function Frames({ id, subject }: { id: number; subject: string }) {
  const [isDark, setDark] = useState(false)
  const [chosen, choose] = useState<Width | null>(null)
  const [box, roomPx] = useRoom()
  const isBoth = roomPx >= roomForBoth
  const one: Width = chosen ?? (roomPx >= widths.desktop + 2 ? 'desktop' : 'phone')
  return (
    <div class="frames" ref={box}>
      <div class="frame-choices">
        {!isBoth && (
          <div class="choice" role="group" aria-label="Width of the letter">
            {(['phone', 'desktop'] as const).map((width) => (
              <button key={width} type="button" aria-pressed={one === width} onClick={() => choose(width)}>
                {names[width]} <span class="numbers">{widths[width]}</span>
              </button>
            ))}
          </div>
        )}
        <div class="choice" role="group" aria-label="Light of the letter">
          {([false, true] as const).map((dark) => (
            <button key={String(dark)} type="button" aria-pressed={isDark === dark} onClick={() => setDark(dark)}>
              {dark ? 'Dark' : 'Light'}
            </button>
          ))}
        </div>
        <span class="soft small">Looking here counts as neither open nor click.</span>
      </div>
      {roomPx > 0 && (
        <div class="frame-row">
          {(isBoth ? (['phone', 'desktop'] as const) : [one]).map((width) => (
            <Frame key={width} id={id} subject={subject} width={width} isDark={isDark} roomPx={roomPx} isNamed={isBoth} />
          ))}
        </div>
      )}
    </div>
  )
}

type FrameProps = { id: number; subject: string; width: Width; isDark: boolean; roomPx: number; isNamed: boolean }

/** Drawn smaller, not narrower, where there is no room for its width. */
function Frame({ id, subject, width, isDark, roomPx, isNamed }: FrameProps) {
  const scale = Math.min(1, (roomPx - 2) / widths[width])
  return (
    <figure class={`frame ${width}`} style={{ width: `${widths[width] * scale + 2}px` }}>
      {isNamed && (
        <figcaption class="soft small">
          {names[width]}, <span class="numbers">{widths[width]} px</span>
        </figcaption>
      )}
      <div class="pane" style={{ height: `${heightPx * scale + 2}px` }}>
        <iframe
          // A frame that is led elsewhere would stand in the browser's history; a new one does not.
          key={`${id} ${isDark}`}
          title={`“${subject}” at ${names[width].toLowerCase()} width, ${isDark ? 'dark' : 'light'}`}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          src={`/studio/api/letters/${id}/html${isDark ? '?dark=1' : ''}`}
          width={widths[width]}
          height={heightPx}
          style={{ transform: `scale(${scale})`, colorScheme: isDark ? 'dark' : 'light' }}
        />
      </div>
    </figure>
  )
}

/** How wide an element is, px; 0 until it is known. */
export function useRoom() {
  const box = useRef<HTMLDivElement>(null)
  const [px, setPx] = useState(0)
  useEffect(() => {
    if (box.current === null) return
    const observer = new ResizeObserver(([entry]) => setPx(Math.floor(entry!.contentRect.width)))
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  return [box, px] as const
}
