import type { CpuContext } from '../context.ts';
import { AR, RBP, SS, W } from '../state.ts';
import { is64Bit } from './descriptors.ts';
import { segmentAccessHelpers } from './segment-access.ts';
import { Stack } from './stack.ts';

/** ENTER with nesting (SDM 2A). */
export function enterHelpers(cpu: CpuContext) {
  const { w, memory } = cpu;
  const { segmentWrite } = segmentAccessHelpers(cpu);

  function stackAt(low: number, high: number): Stack {
    const stack = Stack.current(cpu);
    stack.low = low;
    stack.high = high;
    return stack;
  }

  function probe(stack: Stack, size: number): void {
    const user = w[W.cpl] === 3;
    if (is64Bit(w)) {
      memory.probeWrite(stack.low, stack.high, size, user);
      return;
    }
    const mask = (w[W.attributes + SS]! & AR.DB) !== 0 ? -1 : 0xffff;
    memory.probeWrite(segmentWrite(SS, stack.low & mask, size), 0, size, user);
  }

  return {
    /**
     * With rBP pushed at stack address low:high: pushes the `nesting` frame pointers (modulo 32) of a new frame,
     * and checks that `size` bytes may be written where the stack ends after `allocation` more bytes.
     * Gives the number of bytes pushed.
     */
    enterFrames(low: number, high: number, nesting: number, allocation: number, size: 2 | 4 | 8): number {
      const level = nesting & 31;
      const stack = stackAt(low, high);
      if (level > 0) {
        const outer = stackAt(w[W.gpr + 2 * RBP]!, w[W.gpr + 2 * RBP + 1]!);
        for (let n = 1; n < level; n++) {
          outer.skip(-size);
          const pointer = outer.peek(0, size);
          stack.push(size, pointer, w[W.hi]!);
        }
        stack.push(size, low, high);
      }
      stack.skip(-allocation);
      probe(stack, size);
      return level * size;
    },
  };
}
