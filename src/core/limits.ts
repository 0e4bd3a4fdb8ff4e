/** Every named limit, with its unit last. They are shown in the studio and in `welcome`. */
export const limits = {
  eventBytesMax: 32_768,
  batchBytesMax: 512_000,
  batchEventsMax: 2_500,
  eventDepthMax: 16,
  eventKeysMax: 255,
  messageIdCharsMax: 100,
  idCharsMax: 255,
  /** Older than this is kept and triggers nothing, unless a secret key sent it. */
  eventAgeMaxMs: 7 * 86_400_000,

  socketHelloMs: 5_000,
  socketPingMs: 30_000,
  socketInFlightMax: 1_024,
  socketBufferBytesMax: 1_048_576,
  socketsPerAddressMax: 20_000,

  /** Events waiting for a turn; past it the gateway answers `overload`. */
  queueEventsMax: 20_000,
  turnEventsMax: 1_024,
  turnTimersMax: 512,
  turnEffectsMax: 64,

  /** How much of the log a restart replays at most: whichever comes first. */
  replayEventsMax: 100_000,
  replayAgeMaxMs: 5_000,

  /** A letter that stays undeliverable this long is dead. */
  letterAttemptsMax: 12,
} as const
