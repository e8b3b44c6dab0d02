import { describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/accel/kvm/ffi.ts';
import { AR, CpuState, CR0, CR4, CS, DS, EFER, ES, FS, GS, SS } from '../../src/cpu/state.ts';
import { Bench, NO_KVM, WHY } from './support.ts';

const CODE = 0x1000;
const TABLES = 0x10000;
const IOPL_3 = 0x3000n;

/** 64-bit code of ring 3 at CODE, the first 2 MiB mapped for it. */
function userMode(bench: Bench, code: readonly number[], rflags: bigint): void {
  const entries = [TABLES + 0x1000, TABLES + 0x2000, 0].map((at, level) => at | (level === 2 ? 0x87 : 7));
  entries.forEach((entry, level) => void bench.map.write(TABLES + level * 0x1000, 4, entry));
  bench.map.writeBytes(CODE, Uint8Array.from(code));
  const state = new CpuState();
  state.set('rflags', rflags | 2n);
  state.set('cr0', BigInt((CR0.PE | CR0.PG | CR0.WP | CR0.ET | CR0.NE) >>> 0));
  state.set('cr3', BigInt(TABLES));
  state.set('cr4', BigInt(CR4.PAE | CR4.OSFXSR));
  state.set('efer', BigInt(EFER.LME | EFER.LMA));
  state.set('fcw', 0x37fn);
  state.set('mxcsr', 0x1f80n);
  state.set('gpr', 0x8000n, 4);
  state.set('rip', BigInt(CODE));
  state.set('cpl', 3n);
  for (const segment of [CS, ES, SS, DS, FS, GS]) {
    const attributes = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED | AR.G | 0x60;
    state.set('selector', segment === CS ? 0x3bn : 0x33n, segment);
    state.set('attributes', BigInt(attributes | (segment === CS ? AR.CODE | AR.L : AR.DB)), segment);
    state.set('limit', 0xffffffffn, segment);
  }
  bench.kvm.writeState(state);
}

describe.skipIf(NO_KVM !== undefined)(`a program that may use ports${WHY}`, () => {
  test('with IOPL 3 a port is reached, and PUSHF shows it', async () => {
    const bench = new Bench(await loadLibc(), 'user');
    // PUSHFQ; POP RBX; OUT 80h,AL; HLT, which ring 3 may not: there is no IDT, and the CPU shuts down
    userMode(bench, [0x9c, 0x5b, 0xe6, 0x80, 0xf4], IOPL_3);
    expect(bench.runToHalt()).toBe('shutdown');
    expect(bench.seen.map(({ kind, at }) => [kind, at])).toEqual([['out', 0x80]]);
    expect(bench.tcg.state.get('gpr', 3) & IOPL_3).toBe(IOPL_3);
    bench.close();
  });
});
