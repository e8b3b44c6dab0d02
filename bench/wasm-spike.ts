/**
 * What a WebAssembly emitter would give: the inner loops of three kernels as WebAssembly with i64 locals, the same TLB,
 * budget and exits, beside emitted JavaScript and QEMU. Results are compared with theirs.
 *
 *   npx tsx bench/wasm-spike.ts
 */
import { buildEmu, buildGuest } from './peers/build.ts';
import { emu, qemu } from './peers/engines.ts';
import { KERNELS } from './peers/kernel-table.ts';
import { measureKernel } from './peers/measure.ts';
import { EXIT, hash64, LAYOUT, mpi, sum64 } from './wasm-spike/regions.ts';

const SCALE = 0.25;
const ROUNDS = 4;
/** Instructions of one call, as between two looks at the clock. */
const SLICE = 1_000_000;
/** Where the guest's data lies: linear, in the upper half. */
const BASE = 0xffffffff80400000n;
const RAM_BYTES = 1 << 20;
const NUMBERS = 8192;

/** Node's types name these as types only. */
interface WebAssemblyValues {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}
const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyValues }).WebAssembly;

class Bench {
  readonly memory = new Memory({ initial: (LAYOUT.ram + RAM_BYTES) >> 16 });
  readonly registers = new BigInt64Array(this.memory.buffer, LAYOUT.registers, 16);
  readonly ram = new BigInt64Array(this.memory.buffer, LAYOUT.ram, RAM_BYTES / 8);
  readonly #budget = new Int32Array(this.memory.buffer, LAYOUT.budget, 1);
  #run: (() => number) | undefined;

  constructor() {
    const pages = 1 << 20;
    const [low, high] = [Number(BASE & 0xffffffffn), Number(BASE >> 32n)];
    for (const [xor, tags] of [
      [LAYOUT.readXor, LAYOUT.readHigh],
      [LAYOUT.writeXor, LAYOUT.writeHigh],
    ] as const) {
      const offsets = new Int32Array(this.memory.buffer, xor, pages);
      for (let page = 0; page < pages; page++) offsets[page] = (page << 12) ^ 0x80000000;
      for (let at = 0; at < RAM_BYTES; at += 4096) offsets[(low + at) >>> 12] = (low + at) ^ at;
      new Int32Array(this.memory.buffer, tags, pages).fill(high);
    }
  }

  /** Compiles, and gives the milliseconds that it took. */
  compile(bytes: Uint8Array<ArrayBuffer>): number {
    const started = performance.now();
    const instance = new Instance(new Module(bytes), { m: { memory: this.memory } });
    this.#run = instance.exports.run as () => number;
    return performance.now() - started;
  }

  /** Runs the region until its loop is over. */
  go(): void {
    for (;;) {
      this.#budget[0] = SLICE;
      const reason = this.#run!();
      if (reason === EXIT.done) return;
      if (reason === EXIT.miss) throw new Error('the TLB has no answer');
    }
  }

  /** kernel.h's fill_random. */
  fill(at: number, words: number, seed: number): void {
    let x = seed;
    const to = new Int32Array(this.memory.buffer, LAYOUT.ram + at, words);
    for (let n = 0; n < words; n++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      to[n] = x;
    }
  }
}

interface Spike {
  readonly code: Uint8Array<ArrayBuffer>;
  readonly setup: (bench: Bench) => void;
  /** The kernel's `run`: what is outside its inner loop is done here. */
  readonly run: (bench: Bench, n: number) => bigint;
}

const SPIKES: Readonly<Record<string, Spike>> = {
  hash64: {
    code: hash64(),
    setup: () => {},
    run(bench, n) {
      bench.registers.set([0x9e3779b97f4a7c15n, 0n, 0n, 0n, 0n, 0n, 0n, BigInt(n), 0x2545f4914f6cdd1dn].map(signed));
      bench.go();
      return bench.registers[6]!;
    },
  },
  sum64: {
    code: sum64(BASE + BigInt(8 * NUMBERS)),
    setup: (bench) => bench.fill(0, 2 * NUMBERS, 9),
    run(bench, n) {
      const { registers, ram } = bench;
      registers.fill(0n);
      for (let round = 0; round < n; round++) {
        registers[0] = signed(BASE);
        bench.go();
        ram[round % NUMBERS] = ram[round % NUMBERS]! + registers[1]!;
      }
      return registers[1]! ^ registers[6]!;
    },
  },
  mpi: {
    code: mpi(BASE, BASE + 0x100n, BASE + 0x200n),
    setup(bench) {
      bench.fill(0, 64, 5);
      bench.fill(0x100, 64, 6);
      bench.fill(0x200, 128, 7);
    },
    run(bench, n) {
      const { registers, ram } = bench;
      for (let round = 0; round < n; round++) {
        registers[10] = 0n;
        bench.go();
        ram[round % 32] = ram[round % 32]! ^ ram[64 + 32]!;
      }
      let sum = 0n;
      for (let at = 64; at < 128; at++) sum ^= ram[at]!;
      return sum;
    },
  },
};
const signed = (value: bigint): bigint => BigInt.asIntN(64, value);

async function main(): Promise<void> {
  const guest = buildGuest('amd64-high');
  const engines = [emu('jit', buildEmu(), 'jit', '', []), qemu('qemu', 'tcg')];
  process.stdout.write('milliseconds a round: steady, and the first\n');
  for (const kernel of KERNELS) {
    const spike = SPIKES[kernel.name];
    if (spike === undefined) continue;
    const plan = {
      arch: 'amd64-high',
      guest,
      kernel,
      engines,
      repeats: 2,
      rounds: ROUNDS,
      scale: SCALE,
      clock: 'wall',
    } as const;
    const row = await measureKernel(plan, () => {});
    const bench = new Bench();
    const compileMs = bench.compile(spike.code);
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      spike.setup(bench);
      const started = performance.now();
      const sum = BigInt.asUintN(64, spike.run(bench, row.n));
      rounds.push(performance.now() - started);
      if (sum !== BigInt(`0x${row.checksum}`))
        throw new Error(`${kernel.name}: ${sum.toString(16)}, not ${row.checksum}`);
    }
    const steady = Math.min(...rounds.slice(1));
    const cells = row.cells.map((cell) => {
      if (cell.gap !== undefined) return `${cell.engine} ${cell.gap}`;
      return `${cell.engine} ${Math.min(...cell.samples).toFixed(1)} ${cell.coldMs.toFixed(1)}`;
    });
    const wasm = `wasm ${steady.toFixed(1)} ${rounds[0]!.toFixed(1)} (+ ${compileMs.toFixed(1)} to compile ${spike.code.length} bytes)`;
    process.stdout.write(`${kernel.name.padEnd(8)} ${[wasm, ...cells].join(', ')}\n`);
  }
}

await main();
