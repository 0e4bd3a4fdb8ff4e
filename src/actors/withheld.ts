/** An event that names somebody whom its sender may not speak for: it is kept without that name. */
import type { Message } from '../core/event.ts'

const start = '{"withheld":'

/** The event as its sender may tell it: without an id that belongs to somebody else. */
export function withoutUser(message: Message): Message {
  const { userId, ...rest } = message
  return { ...rest, text: JSON.stringify({ withheld: userId, ...JSON.parse(message.text), userId: undefined }) }
}

/** Whether a stored body is such an event's. */
export const isWithheld = (body: string): boolean => body.startsWith(start)
