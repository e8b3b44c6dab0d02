import type { MachineExit } from '../machine/machine.ts';

/** Status of the process for the way in which the machine ended. */
export function exitStatus(exit: MachineExit): number {
  switch (exit.reason) {
    case 'debug-exit':
      return exit.status;
    case 'fatal':
      return 1;
    default:
      return 0;
  }
}

/** Signals that end emu, with the number that a shell adds to 128. */
export const ENDING_SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Status of a program whose output nobody reads any more: 128 + SIGPIPE. */
export const OUTPUT_CLOSED = 141;
