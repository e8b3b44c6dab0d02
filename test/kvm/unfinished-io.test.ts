import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Libc, loadLibc } from '../../src/accel/kvm/ffi.ts';
import { AR, DS, W } from '../../src/cpu/state.ts';
import { type Access, Bench, MMIO, NO_KVM, WHY } from './support.ts';

const HLT = 0xf4;
/** Of a slice's timer (slice-timer.ts). */
const SIGNAL = 44;
const BUFFER = 0x2000;
const BUFFER_BYTES = 0x1000;

const u16 = (value: number): number[] => [value & 0xff, value >> 8];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];

/** What each program leaves unfinished, as real-mode code; INC BX behind it is done once. */
const PROGRAMS: readonly { readonly name: string; readonly code: readonly number[] }[] = [
  { name: 'IN', code: [0xe4, 0x40, 0x43] },
  { name: 'IN EAX', code: [0x66, 0xe5, 0x40, 0x43] },
  { name: 'INSB', code: [0xbf, ...u16(BUFFER), 0xba, ...u16(0x40), 0x6c, 0x43] },
  {
    name: 'REP INSB',
    code: [0xbf, ...u16(BUFFER), 0xb9, ...u16(40), 0xba, ...u16(0x40), 0xf3, 0x6c, 0x43],
  },
  {
    name: 'REP INSW of several batches',
    code: [0xbf, ...u16(BUFFER), 0xb9, ...u16(1200), 0xba, ...u16(0x40), 0xf3, 0x6d, 0x43],
  },
  { name: 'REP OUTSB', code: [0xbe, ...u16(BUFFER), 0xb9, ...u16(20), 0xba, ...u16(0x41), 0xf3, 0x6e, 0x43] },
  // MOV EAX,[MMIO]
  { name: 'an MMIO read', code: [0x66, 0x67, 0xa1, ...u32(MMIO + 8), 0x43] },
  { name: 'an MMIO read across a page', code: [0x66, 0x67, 0xa1, ...u32(MMIO + 0xffe), 0x43] },
  // ADD WORD [MMIO],5
  { name: 'a read and a write of MMIO', code: [0x67, 0x83, 0x05, ...u32(MMIO + 8), 5, 0x43] },
  // MOV ESI,MMIO; MOV EDI,BUFFER; MOV ECX,9; REP MOVSD with 32-bit addresses
  {
    name: 'REP MOVSD from MMIO',
    code: [0x66, 0xbe, ...u32(MMIO), 0x66, 0xbf, ...u32(BUFFER), 0x66, 0xb9, ...u32(9), 0xf3, 0x66, 0x67, 0xa5, 0x43],
  },
];

describe.skipIf(NO_KVM !== undefined)(`an access that is not finished${WHY}`, () => {
  let libc: Libc;
  let bench: Bench;
  beforeEach(async () => {
    libc = await loadLibc();
    bench = new Bench(libc);
  });
  afterEach(() => bench.close());

  /** What comes while the access is not finished, and what happens between it and the next entry. */
  const disturbances: Readonly<Record<string, { during(): void; between(): void }>> = {
    'a kick': { during: () => bench.kvm.kick(), between: () => {} },
    'a signal': { during: () => void libc.call('raise', ['int'], [SIGNAL]), between: () => {} },
    'a kick, and the state is read': { during: () => bench.kvm.kick(), between: () => void bench.state() },
    'a kick, and the state is moved': {
      during: () => bench.kvm.kick(),
      between: () => bench.kvm.writeState(bench.state()),
    },
    'a kick, and a step of the interpreter': { during: () => bench.kvm.kick(), between: () => void bench.kvm.step() },
  };

  /** Runs a program to its HLT. */
  function outcome(code: readonly number[], during: () => void, between: () => void): unknown {
    let next = 0x0101_0101;
    bench.seen.length = 0;
    bench.input = () => (next += 0x0203_0507) >>> 0;
    bench.onAccess = during;
    bench.map.writeBytes(BUFFER, new Uint8Array(BUFFER_BYTES).fill(0x5a));
    bench.realMode([...code, HLT], ({ words }) => {
      words[W.limit + DS] = -1;
      words[W.attributes + DS] = words[W.attributes + DS]! | AR.G;
      // ES too, for string instructions with 32-bit addresses.
      words[W.limit] = -1;
      words[W.attributes] = words[W.attributes]! | AR.G;
    });
    let turns = 0;
    for (let reason = ''; reason !== 'halt'; turns++) {
      ({ reason } = bench.kvm.run(1000));
      expect(['halt', 'kicked', 'budget']).toContain(reason);
      if (reason !== 'halt') between();
      expect(turns).toBeLessThan(2000);
    }
    const state = bench.state();
    return {
      gpr: Array.from({ length: 8 }, (_, n) => state.get('gpr', n).toString(16)),
      rip: state.get('rip'),
      memory: Buffer.from(bench.map.ram.u8.subarray(BUFFER, BUFFER + BUFFER_BYTES)).toString('hex'),
      seen: bench.seen.map(({ kind, at, size, value }: Access) => [kind, at, size, value >>> 0]),
    };
  }

  test.each(PROGRAMS)('$name: nothing is lost, nothing is done twice', ({ code }) => {
    let accesses = 0;
    const undisturbed = outcome(
      code,
      () => accesses++,
      () => {},
    );
    expect(accesses).toBeGreaterThan(0);
    for (const [name, { during, between }] of Object.entries(disturbances)) {
      expect(outcome(code, during, between), name).toEqual(undisturbed);
    }
  });
});
