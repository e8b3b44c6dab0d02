import { setFlagsFromString } from 'node:v8';

const FLAGS = [
  '--no-use-osr',
  '--always-sparkplug',
  '--interrupt-budget=30000',
  // The end that all regions share (`finish` in accel/tcg/jit/region-exits.ts) is longer: V8 would compile it into each of
  // them, which takes longer than the region's own code, and throw the region away when the end meets something new.
  '--max-inlined-bytecode-size=300',
  // Emitted WebAssembly says which branches are seldom taken.
  '--experimental-wasm-branch-hinting',
];

/**
 * Sets what V8 should do differently in a process whose main work is a guest (docs/adr/0007, 0009). To be called
 * before the first machine is made.
 */
export function tuneEngine(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
