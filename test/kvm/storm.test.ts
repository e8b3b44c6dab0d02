import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Libc, loadLibc } from '../../src/accel/kvm/ffi.ts';
import { type CpuState, RBP, W } from '../../src/cpu/state.ts';
import { Bench, faulty, NO_KVM, WHY } from './support.ts';

const REASON = NO_KVM ?? (spawnSync('nasm', ['-v']).error === undefined ? undefined : 'nasm is missing');
const SIGNAL = 44;
const TICK = 0x20;
const ITERATIONS = 200n;
/** Ten times what it takes. */
const MOST_TURNS = 150_000;
const LONGEST_SLICE_NS = 40_000;

/** Numbers below `n`, the same ones for the same seed. */
function randomNumbers(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}

/** Registers of the program at its end: what it computed. */
const results = (state: CpuState): string[] =>
  [
    ...Array.from({ length: 16 }, (_, n) => state.get('gpr', n)),
    state.get('rip'),
    ...state.words.subarray(W.xmm, W.xmm + 4),
  ].map((value) => value.toString(16));

describe.skipIf(REASON !== undefined)(
  `a storm of interruptions${REASON === undefined ? '' : WHY || ` (${REASON})`}`,
  () => {
    let code = new Uint8Array();
    let libc: Libc;
    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'emu-storm-'));
      const source = join(import.meta.dirname, 'storm.asm');
      const includes = join(import.meta.dirname, '../../bench/kvm/');
      execFileSync('nasm', ['-f', 'bin', '-i', includes, '-o', join(folder, 'storm'), source]);
      code = readFileSync(join(folder, 'storm'));
      rmSync(folder, { recursive: true });
      libc = await loadLibc();
    });

    const start = (bench: Bench): CpuState => {
      const state = bench.longMode(code, 0);
      state.set('gpr', ITERATIONS, RBP);
      return state;
    };

    const expected = (): string[] => {
      const bench = new Bench(libc, 'user');
      bench.tcg.writeState(start(bench));
      expect(bench.tcg.run(10_000_000).reason).toBe('halt');
      bench.close();
      return results(bench.tcg.state);
    };

    test.each([1, 2])('signals, short turns, interrupts and moves change nothing: seed %i', (seed) => {
      const random = randomNumbers(seed);
      const stormy = faulty(libc, (name) => {
        if (name !== 'run') return 0;
        if (random(3) !== 0) libc.call('raise', ['int'], [SIGNAL]);
        if (random(4) === 0) bench.vector = TICK;
        return 0;
      });
      const bench = new Bench(stormy, 'user');
      const state = start(bench);
      bench.kvm.writeState(state);
      let reason: string = 'budget';
      for (let turn = 0; reason === 'budget' && turn < MOST_TURNS; turn++) {
        // Longer and longer: on a busy host nothing gets on in the shortest.
        bench.sliceNs = 1 + random(LONGEST_SLICE_NS) + turn;
        if (random(30) === 0) {
          bench.kvm.readState(state);
          bench.kvm.writeState(state);
        }
        ({ reason } = random(30) === 0 ? bench.kvm.step() : bench.kvm.run(100_000));
      }
      expect(reason).toBe('halt');
      expect(results(bench.state())).toEqual(expected());
      expect(bench.kvm.counts.runs).toBeGreaterThan(1000);
      bench.close();
    });
  },
);
