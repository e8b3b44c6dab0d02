import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Breakpoint } from '../../src/accel/accelerator.ts';
import { loadLibc } from '../../src/accel/kvm/ffi.ts';
import { RCX, W } from '../../src/cpu/state.ts';
import { Bench, NO_KVM, WHY } from './support.ts';

const execute = (address: number): Breakpoint => ({ kind: 'execute', address: BigInt(address), length: 1 });
/** INC ECX six times, MOV [5000h],ECX, HLT. */
const LONG = [...[0, 0, 0, 0, 0, 0].flatMap(() => [0xff, 0xc1]), 0x89, 0x0c, 0x25, 0, 0x50, 0, 0, 0xf4];
/** INC CX six times, HLT. */
const REAL = [0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0xf4];

describe.skipIf(NO_KVM !== undefined)(`breakpoints of a virtual CPU of the kernel${WHY}`, () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench(await loadLibc());
  });
  afterEach(() => bench.close());

  /** Where it stopped and what ECX was. */
  function stops(): unknown[] {
    const seen: unknown[] = [];
    for (let n = 0; n < 300; n++) {
      const exit = bench.kvm.run(1000);
      if (exit.reason === 'halt') return [...seen, Number(bench.state().get('gpr', RCX))];
      if (exit.reason === 'debug')
        seen.push([Number(exit.rip), Number(bench.state().get('gpr', RCX)), exit.cause.kind]);
      else expect(['budget', 'kicked']).toContain(exit.reason);
    }
    throw new Error('the guest does not halt');
  }

  test.each([
    ['real mode', (b: Bench) => b.realMode(REAL, (state) => state.set('gpr', 0n, RCX)), [0x1002, 0x1003, 0x1006]],
    ['64-bit mode', (b: Bench) => b.kvm.writeState(b.longMode(LONG, 0)), [0x1004, 0x1006, 0x100c]],
  ] as const)('%s: the processor stops at each once, and goes on', (_, make, places) => {
    make(bench);
    bench.kvm.setBreakpoints(places.map(execute));
    const before = bench.kvm.counts.interpreted;
    expect(stops()).toEqual([
      [places[0], 2, 'breakpoint'],
      [places[1], 3, 'breakpoint'],
      [places[2], 6, 'breakpoint'],
      6,
    ]);
    // One instruction behind each, and what this KVM cannot emulate.
    expect(bench.kvm.counts.interpreted - before).toBe(3 + bench.kvm.counts.failures);
    bench.kvm.setBreakpoints([]);
    make(bench);
    expect(stops()).toEqual([6]);
  });

  test('a step, a breakpoint where it ends, and on', () => {
    bench.realMode(REAL, (state) => state.set('gpr', 0n, RCX));
    bench.kvm.setBreakpoints([execute(0x1001), execute(0x1004)]);
    expect(bench.kvm.step().reason).toBe('budget');
    expect(stops()).toEqual([[0x1004, 4, 'breakpoint'], 6]);
  });

  test.each([
    ['more than the processor has', [1, 2, 3, 4, 5], 0],
    ['the guest uses the registers itself', [2, 4], 0x401],
  ])('%s: the interpreter stops at each', (_, places, dr7) => {
    bench.realMode(REAL, (state) => {
      state.set('gpr', 0n, RCX);
      state.words[W.dr] = 0x8000;
      state.words[W.dr + 14] = dr7;
    });
    bench.kvm.setBreakpoints(places.map((n) => execute(0x1000 + n)));
    const { runs } = bench.kvm.counts;
    expect(stops()).toEqual([...places.map((n) => [0x1000 + n, n, 'breakpoint']), 6]);
    expect(bench.kvm.counts.runs).toBe(runs);
  });
});
