/** How the regions of a chart are set out on a page: in how many columns, which way each is laid out, and how small. Pure. */
import { sizes } from '../../chart/lettering.ts'
import type { Way } from '../../chart/lettering.ts'
import type { ChartRegion } from '../../studio/api.ts'

/** No word gets smaller than this, px; what is still too wide then scrolls. */
const textMin = 11
const scaleMin = textMin / sizes.text

/** Room around a region within its card and between cards, px, as chart.css has it. */
const room = { side: 14, head: 84, gap: 16 }

export type Placed = { region: ChartRegion; way: Way; scale: number; height: number }

/** The regions in columns for a width in px: as many columns as make the page shortest. Regions keep their order within each. */
export function columnsOf(regions: readonly ChartRegion[], width: number): Placed[][] {
  let best: Placed[][] = []
  let bestHeight = Infinity
  for (let columns = 1; columns <= Math.max(1, regions.length); columns++) {
    const each = (width - room.gap * (columns - 1)) / columns - 2 * room.side
    const placed = regions.map((region) => fit(region, each))
    if (columns > 1 && placed.some(({ region, way, scale }) => region[way].width * scale > each)) break
    const packed = pack(placed, columns)
    const height = Math.max(0, ...packed.map(heightOf))
    if (height < bestHeight) [best, bestHeight] = [packed, height]
  }
  return best
}

function fit(region: ChartRegion, width: number): Placed {
  const way: Way = region.wide.width * scaleMin <= width ? 'wide' : 'tall'
  const scale = Math.max(scaleMin, Math.min(1, width / region[way].width))
  return { region, way, scale, height: region[way].height * scale + room.head }
}

const heightOf = (column: readonly Placed[]) => column.reduce((sum, { height }) => sum + height + room.gap, 0)

/** Each goes to the shortest column so far. */
function pack(placed: readonly Placed[], count: number): Placed[][] {
  const columns: Placed[][] = Array.from({ length: count }, () => [])
  for (const each of placed) columns.toSorted((a, b) => heightOf(a) - heightOf(b))[0]!.push(each)
  return columns
}
