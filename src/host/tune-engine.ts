import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

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

/** Niceness (sched(7)) of V8's threads. */
const HELPER_NICENESS = 5;

/**
 * Sets what V8 should do differently in a process whose main work is a guest (docs/adr/0007, 0009, 0031). To be called
 * before the first machine is made.
 */
export function tuneEngine(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
  putHelpersBehind();
}

/**
 * Threads that compile and collect do not take the CPU from the one that runs the guest: on two CPUs several of them are
 * busy at once while a guest boots. Linux has a niceness for each thread; elsewhere all stays as it is.
 */
function putHelpersBehind(): void {
  if (!isMainThread) return;
  for (const thread of threads()) {
    if (thread === process.pid) continue;
    try {
      setPriority(thread, HELPER_NICENESS);
    } catch {
      // It has ended.
    }
  }
}

/** Numbers of this process's threads; the first one's is that of the process. */
function threads(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [];
  }
}
