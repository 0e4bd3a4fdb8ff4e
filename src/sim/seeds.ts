/**
 * Seeds that once failed, and what they found; they are run for ever. A change to the simulator gives a seed another life,
 * so what was found in the product stands in found.test.ts too, in the fewest events.
 */
export const found: readonly (readonly [seed: number, what: string])[] = [
  [2, 'overdue timers of different customers fired out of due order: a stale agenda entry gave its life an early turn (R5)'],
  [7, 'two joined lives had decided the same letter of runs that began at the same instant; the live join and the log told them in another order (R2)'],
  [21, '`check` counted decisions of a life that joined only after the stored snapshot (R2)'],
  [23, 'a letter waiting for the relay left after its customer had said no by an event (R7)'],
  [25, 'a life carried into another machine and back, with no event between, lost its place (R12)'],
  [32, 'of two timers due at the same instant the second was set aside, and retelling fired it with the first (R2)'],
  [36, 'after a restart the number of a customer who had gone into another was given again (R8)'],
  [105, 'a letter sent by one of two joined lives did not count for the window, when the other had skipped the same run (R6)'],
  [116, 'recovery told a merge with decisions made only after it, and then made them again (R2)'],
  [1705, 'a life carried into a machine without its state lost its timer’s due time, and so the timer when the old machine came back (R5, R12)'],
  [2904, 'two joined lives were sent letters about the same run at the same instant, and the cap counted one (R6)'],
]
