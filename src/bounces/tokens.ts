/** The token in one of our Message-IDs (mail/prepare.ts makes them of it), or null. Nobody can guess one: it has 132 bits. Pure. */
export const tokenOfMessageId = (text: string): string | null => /^\s*<?([A-Za-z0-9_-]{22})@[^\s<>@]+>?\s*$/.exec(text)?.[1] ?? null
