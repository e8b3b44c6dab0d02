import { setFlagsFromString } from 'node:v8';

/**
 * Sets what V8 should do differently in a process whose main work is a guest (docs/adr/0007, 0009). To be called
 * before the first machine is made.
 */
export function tuneEngine(): void {
  for (const flag of ['--no-use-osr', '--always-sparkplug', '--interrupt-budget=30000']) setFlagsFromString(flag);
}
