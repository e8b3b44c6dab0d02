import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/accel/kvm/ffi.ts';
import { RBX, W } from '../../src/cpu/state.ts';
import { Bench, NO_KVM, WHY } from './support.ts';

const IOPL_3 = 0x3000n;

describe.skipIf(NO_KVM !== undefined)(`ring 3 alone under KVM${WHY}`, () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench(await loadLibc(), 'user');
  });
  afterEach(() => bench.close());

  test('with IOPL 3 a port is reached, and PUSHF shows it', () => {
    // PUSHFQ; POP RBX; OUT 80h,AL; HLT, which ring 3 may not: there is no IDT, and the CPU shuts down
    const state = bench.longMode([0x9c, 0x5b, 0xe6, 0x80, 0xf4], 3);
    state.set('rflags', IOPL_3 | 2n);
    bench.kvm.writeState(state);
    expect(bench.runToHalt()).toBe('shutdown');
    expect(bench.seen.map(({ kind, at }) => [kind, at])).toEqual([['out', 0x80]]);
    expect(bench.tcg.state.get('gpr', RBX) & IOPL_3).toBe(IOPL_3);
  });

  test('a program that is given up leaves nothing in SSE registers', () => {
    // MOVQ XMM0,RBX; JMP to itself
    const state = bench.longMode([0x66, 0x48, 0x0f, 0x6e, 0xc3, 0xeb, 0xfe], 3);
    bench.kvm.writeState(state);
    bench.kvm.run(1);
    expect(bench.state().words[W.xmm]).toBe(0);
    state.set('gpr', 5n, RBX);
    bench.kvm.writeState(state);
    bench.kvm.run(1);
    // As a reset does; at the second instruction
    state.set('rip', state.get('rip') + 5n);
    bench.kvm.writeState(state);
    bench.kvm.run(1);
    expect(bench.state().words[W.xmm]).toBe(0);
  });
});
