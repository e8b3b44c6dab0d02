import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/accel/kvm/ffi.ts';
import { AR, W } from '../../src/cpu/state.ts';
import { Bench, kvmFiles, MMIO, NO_KVM, WHY } from './support.ts';

const HLT = 0xf4;
/** Flat DS, so that real-mode code reaches beyond 1 MiB. */
const flat = (words: Int32Array): void => {
  words[W.limit + 3] = -1;
  words[W.attributes + 3] = words[W.attributes + 3]! | AR.G;
};

describe.skipIf(NO_KVM !== undefined)(`a virtual CPU of the kernel${WHY}`, () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench(await loadLibc());
  });
  afterEach(() => bench.close());

  const gpr = (n: number): number => Number(bench.state().get('gpr', n));

  test('port accesses of every size arrive once and in order', () => {
    bench.input = (port) => 0x11223300 + port;
    // in al,40h; out 41h,al; in ax,40h; out 42h,ax; in eax,40h; out 44h,eax; hlt
    bench.realMode([0xe4, 0x40, 0xe6, 0x41, 0xe5, 0x40, 0xe7, 0x42, 0x66, 0xe5, 0x40, 0x66, 0xe7, 0x44, HLT]);
    expect(bench.runToHalt()).toBe('halt');
    expect(bench.seen.map(({ kind, at, size, value }) => [kind, at, size, value >>> 0])).toEqual([
      ['in', 0x40, 1, 0x11223340],
      ['out', 0x41, 1, 0x40],
      ['in', 0x40, 2, 0x11223340],
      ['out', 0x42, 2, 0x3340],
      ['in', 0x40, 4, 0x11223340],
      ['out', 0x44, 4, 0x11223340],
    ]);
  });

  test('string input comes in batches, string output one by one, none is lost', () => {
    let next = 0;
    bench.input = () => next++ & 0xffff;
    // mov di,2000h; mov cx,3000; mov dx,1f0h; rep insw; mov si,2000h; mov cx,5; rep outsb; hlt
    bench.realMode([
      0xbf,
      0,
      0x20,
      0xb9,
      0xb8,
      0x0b,
      0xba,
      0xf0,
      1,
      0xf3,
      0x6d,
      0xbe,
      0,
      0x20,
      0xb9,
      5,
      0,
      0xf3,
      0x6e,
      HLT,
    ]);
    expect(bench.runToHalt()).toBe('halt');
    expect(bench.seen.filter(({ kind }) => kind === 'in')).toHaveLength(3000);
    expect([0, 1, 511, 512, 1024, 2999].map((n) => bench.map.read(0x2000 + 2 * n, 2))).toEqual([
      0, 1, 511, 512, 1024, 2999,
    ]);
    expect(bench.seen.filter(({ kind }) => kind === 'out').map(({ value }) => value)).toEqual([0, 0, 1, 0, 2]);
  });

  test('MMIO: each width, across a page and read-modify-write', () => {
    bench.input = () => 0x80;
    // mov ebx,800000h; mov [ebx],al.. with eax=11223344h
    bench.realMode(
      [
        ...[0x67, 0x88, 0x03, 0x67, 0x89, 0x43, 0x10, 0x66, 0x67, 0x89, 0x43, 0x20],
        ...[0x66, 0x67, 0x89, 0x83, 0xfe, 0x0f, 0, 0, 0x67, 0x80, 0x4b, 0x30, 0x01, HLT],
      ],
      (state) => {
        flat(state.words);
        state.set('gpr', 0x11223344n, 0);
        state.set('gpr', BigInt(MMIO), 3);
      },
    );
    expect(bench.runToHalt()).toBe('halt');
    const bytes = new Map<number, number>();
    for (const { kind, at, size, value } of bench.seen) {
      if (kind === 'write') for (let n = 0; n < size; n++) bytes.set(at + n, (value >>> (8 * n)) & 0xff);
    }
    expect([0, 0x10, 0x11, 0x20, 0x23, 0xffe, 0xfff, 0x1000, 0x1001, 0x30].map((at) => bytes.get(at))).toEqual([
      0x44, 0x44, 0x33, 0x44, 0x11, 0x44, 0x33, 0x22, 0x11, 0x81,
    ]);
  });

  test('a ROM reads as it is and cannot be written', () => {
    const rom = 0x100000 + (4 << 20);
    bench.map.ram.u8[4 << 20] = 0x5a;
    bench.realMode(
      [0x67, 0x8a, 0x03, 0xe6, 0x80, 0x67, 0xc6, 0x03, 0x77, 0x67, 0x8a, 0x03, 0xe6, 0x80, HLT],
      (state) => {
        flat(state.words);
        state.set('gpr', BigInt(rom), 3);
      },
    );
    expect(bench.runToHalt()).toBe('halt');
    expect(bench.seen.filter(({ kind }) => kind === 'out').map(({ value }) => value)).toEqual([0x5a, 0x5a]);
  });

  test('an interrupt waits for IF and for the instruction behind STI', () => {
    bench.map.writeBytes(0x20 * 4, Uint8Array.of(0, 0x30, 0, 0));
    // handler: mov [2000h],cx; hlt.  cli; inc cx; sti; inc cx; inc cx; hlt
    bench.map.writeBytes(0x3000, Uint8Array.of(0x89, 0x0e, 0, 0x20, HLT));
    bench.realMode([0xfa, 0x41, 0xfb, 0x41, 0x41, HLT], (state) => {
      state.set('gpr', 0n, 1);
      state.words[W.idtrLimit] = 0x3ff;
    });
    bench.vector = 0x20;
    expect(bench.runToHalt()).toBe('halt');
    // A KVM that emulates real mode may take an instruction longer to see it.
    expect(bench.map.read(0x2000, 2)).toBeGreaterThanOrEqual(2);
  });

  test('HLT comes back, and an interrupt wakes it behind the HLT', () => {
    bench.map.writeBytes(0x21 * 4, Uint8Array.of(0, 0x30, 0, 0));
    // handler: inc bx; iret.  sti; hlt; mov cx,bx; cli; hlt
    bench.map.writeBytes(0x3000, Uint8Array.of(0x43, 0xcf));
    bench.realMode([0xfb, HLT, 0x89, 0xd9, 0xfa, HLT], (state) => {
      state.words[W.idtrLimit] = 0x3ff;
    });
    expect(bench.kvm.run(1000).reason).toBe('halt');
    expect(bench.kvm.run(1000).reason).toBe('halt');
    expect(bench.state().get('halted')).toBe(1n);
    bench.vector = 0x21;
    expect(bench.runToHalt()).toBe('halt');
    expect(gpr(1)).toBe(1);
  });

  test('a guest that never leaves is interrupted in time, interrupts off or on', () => {
    for (const first of [0xfa, 0xfb]) {
      bench.realMode([first, 0xeb, 0xfe]);
      const times = Array.from({ length: 20 }, () => {
        const start = performance.now();
        expect(bench.kvm.run(1).reason).toBe('budget');
        return performance.now() - start;
      });
      expect(times.sort((a, b) => a - b)[10]).toBeLessThan(3);
    }
  });

  test('a kick while a port access is served ends the run, and the access is made once', () => {
    bench.input = () => 0x77;
    bench.onAccess = () => bench.kvm.kick();
    // in al,40h; inc cx; out 41h,al; inc cx; hlt
    bench.realMode([0xe4, 0x40, 0x41, 0xe6, 0x41, 0x41, HLT]);
    expect(bench.kvm.run(1000).reason).toBe('kicked');
    // The state is that behind IN, although the kernel had not finished it.
    expect([bench.state().get('rip'), gpr(0) & 0xff, gpr(1)]).toEqual([0x1002n, 0x77, 0]);
    expect(bench.runToHalt()).toBe('halt');
    expect([gpr(1), bench.seen.length]).toEqual([2, 2]);
  });

  test('a state written over a port access that is not finished is the one that runs', () => {
    bench.onAccess = () => bench.kvm.kick();
    bench.realMode([0xb9, 3, 0, 0xf3, 0x6c, HLT]);
    expect(bench.kvm.run(1000).reason).toBe('kicked');
    bench.onAccess = () => {};
    bench.realMode([0xb3, 0x42, HLT]);
    expect(bench.runToHalt()).toBe('halt');
    expect(gpr(3) & 0xff).toBe(0x42);
  });

  test('a triple fault is a shutdown', () => {
    bench.realMode([0x0f, 0x01, 0x1e, 0, 0x20, 0x0f, 0x20, 0xc0, 0x66, 0x83, 0xc8, 1, 0x0f, 0x22, 0xc0, 0x0f, 0x0b]);
    expect(bench.runToHalt()).toBe('shutdown');
  });

  test('what KVM cannot emulate, the interpreter does, and KVM goes on', () => {
    // fxsave [2000h]; fxrstor [2000h]; lock cmpxchg8b [2200h]; inc cx; hlt
    bench.realMode(
      [0x0f, 0xae, 0x06, 0, 0x20, 0x0f, 0xae, 0x0e, 0, 0x20, 0xf0, 0x0f, 0xc7, 0x0e, 0, 0x22, 0x41, HLT],
      (state) => state.set('cr4', 0x200n),
    );
    expect(bench.runToHalt()).toBe('halt');
    expect(gpr(1)).toBe(1);
  });

  test('a single step is one instruction, port accesses included', () => {
    // inc cx; out 80h,al; inc cx; hlt
    bench.realMode([0x41, 0xe6, 0x80, 0x41, HLT]);
    const ips = [0x1001, 0x1003, 0x1004];
    for (const ip of ips) {
      expect(bench.kvm.stepOnProcessor()).toBe(true);
      expect(Number(bench.state().get('rip'))).toBe(ip);
    }
    expect(gpr(1)).toBe(2);
    expect(bench.seen.map(({ kind, at }) => [kind, at])).toEqual([['out', 0x80]]);
    expect(bench.runToHalt()).toBe('halt');
  });

  test('an NMI wakes a halted CPU with interrupts off', () => {
    bench.map.writeBytes(2 * 4, Uint8Array.of(0, 0x30, 0, 0));
    bench.map.writeBytes(0x3000, Uint8Array.of(0xb1, 0x99, HLT));
    bench.realMode([0xfa, HLT], (state) => {
      state.words[W.idtrLimit] = 0x3ff;
    });
    expect(bench.runToHalt()).toBe('halt');
    bench.kvm.setNmi();
    expect(bench.runToHalt()).toBe('halt');
    expect(gpr(1) & 0xff).toBe(0x99);
  });

  test('with the A20 gate closed the second MiB is the first', () => {
    bench.map.write(0x100500, 1, 0x11);
    bench.map.write(0x500, 1, 0x22);
    bench.kvm.setA20(false);
    bench.realMode([0x67, 0x8a, 0x03, 0xe6, 0x80, HLT], (state) => {
      flat(state.words);
      state.set('gpr', 0x100500n, 3);
    });
    expect(bench.runToHalt()).toBe('halt');
    bench.kvm.setA20(true);
    bench.realMode([0x67, 0x8a, 0x03, 0xe6, 0x80, HLT], (state) => {
      flat(state.words);
      state.set('gpr', 0x100500n, 3);
    });
    expect(bench.runToHalt()).toBe('halt');
    expect(bench.seen.map(({ value }) => value)).toEqual([0x22, 0x11]);
  });

  test('a second machine at once, each with its own memory', async () => {
    const other = new Bench(await loadLibc());
    try {
      bench.realMode([0xb8, 1, 0, 0xe7, 0x80, HLT]);
      other.realMode([0xb8, 2, 0, 0xe7, 0x80, HLT]);
      expect([bench.runToHalt(), other.runToHalt()]).toEqual(['halt', 'halt']);
      expect([bench.seen[0]!.value, other.seen[0]!.value]).toEqual([1, 2]);
    } finally {
      other.close();
    }
  });

  test('close leaves no file of KVM open', () => {
    bench.close();
    expect(kvmFiles()).toEqual([]);
  });
});
