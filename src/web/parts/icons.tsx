/** Line icons, drawn for this studio: 20 px, in the colour of the text around them. */
import type { ComponentChildren } from 'preact'

type Drawing = { children: ComponentChildren; box?: number; size?: number; weight?: number }

/** A drawing in a square of `box` units, `size` px wide, its lines `weight` units thick. */
export const Icon = ({ children, box = 20, size = 18, weight = 1.6 }: Drawing) => (
  <svg
    viewBox={`0 0 ${box} ${box}`}
    width={size}
    height={size}
    fill="none"
    stroke="currentColor"
    stroke-width={weight}
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
)

export const MachineIcon = () => (
  <Icon>
    <rect x="2" y="3" width="6" height="5" rx="1.5" />
    <rect x="12" y="12" width="6" height="5" rx="1.5" />
    <path d="M8 5.5h4.5a2 2 0 0 1 2 2V12M12.6 10.2l1.9 1.8 1.9-1.8" />
  </Icon>
)
export const PeopleIcon = () => (
  <Icon>
    <circle cx="10" cy="6.5" r="3.2" />
    <path d="M3.5 17c.6-3.3 3.200-5 6.500-5s5.900 1.700 6.500 5" />
  </Icon>
)
export const InboxIcon = () => (
  <Icon>
    <rect x="2" y="4" width="16" height="12" rx="2.5" />
    <path d="m3 6 7 5 7-5" />
  </Icon>
)
export const LiveIcon = () => (
  <Icon>
    <path d="M2 10h3.500l2-5.500 4.500 11 2-5.500H18" />
  </Icon>
)
export const TryIcon = () => (
  <Icon>
    <path d="M8 2.500h4M9 2.500v5L4.300 15.200A1.600 1.600 0 0 0 5.700 17.600h8.600a1.600 1.600 0 0 0 1.400-2.400L11 7.500v-5" />
    <path d="M6.500 12.500h7" />
  </Icon>
)
export const AccessIcon = () => (
  <Icon>
    <rect x="4" y="9" width="12" height="8.500" rx="2" />
    <path d="M6.500 9V6.500a3.500 3.500 0 0 1 7 0V9" />
  </Icon>
)
export const SunIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.500" />
    <path d="M10 2v1.800M10 16.200V18M2 10h1.800M16.200 10H18M4.300 4.300l1.300 1.300M14.400 14.400l1.300 1.300M15.700 4.300l-1.300 1.300M5.600 14.400l-1.300 1.300" />
  </Icon>
)
export const SearchIcon = () => (
  <Icon>
    <circle cx="9" cy="9" r="5.500" />
    <path d="m13.200 13.200 4 4" />
  </Icon>
)
export const MoreIcon = () => (
  <Icon weight={2.4}>
    <path d="M4 10h.01M10 10h.01M16 10h.01" />
  </Icon>
)
export const PageIcon = () => (
  <Icon>
    <rect x="3.500" y="2.500" width="13" height="15" rx="2" />
    <path d="M7 7h6M7 10.500h6M7 14h3" />
  </Icon>
)
export const SendIcon = () => (
  <Icon>
    <path d="M17.500 2.500 2.500 9l6 2.500 2.500 6 6.500-15ZM8.500 11.500l9-9" />
  </Icon>
)
export const BagIcon = () => (
  <Icon>
    <path d="M4 6.500h12l-.8 10.200a1 1 0 0 1-1 .8H5.800a1 1 0 0 1-1-.8L4 6.500Z" />
    <path d="M7 8.500V5.500a3 3 0 0 1 6 0v3" />
  </Icon>
)
export const TicketIcon = () => (
  <Icon>
    <path d="M2.500 6.500a1.500 1.500 0 0 1 1.500-1.500h12a1.500 1.500 0 0 1 1.500 1.500v1.800a1.800 1.800 0 0 0 0 3.400v1.800a1.500 1.500 0 0 1-1.500 1.500H4a1.500 1.500 0 0 1-1.500-1.500v-1.800a1.800 1.800 0 0 0 0-3.400V6.500Z" />
    <path d="M12 5.500v1M12 9.500v1M12 13.500v1" />
  </Icon>
)
export const ConsentIcon = () => (
  <Icon>
    <rect x="2" y="5.500" width="16" height="9" rx="4.500" />
    <circle cx="13.500" cy="10" r="2.300" />
  </Icon>
)
export const ResultsIcon = () => (
  <Icon>
    <path d="M3 17V3M3 17h14M7 13.500V11M11 13.500V8M15 13.500V5" />
  </Icon>
)
export const AuditIcon = () => (
  <Icon>
    <path d="M10 2.500 16.500 5v4.500c0 4-2.700 6.700-6.500 8-3.800-1.300-6.500-4-6.500-8V5L10 2.500Z" />
    <path d="m7.200 9.800 2 2 3.600-3.800" />
  </Icon>
)
