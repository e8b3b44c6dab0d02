import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OPS, PURE_NAMES, type PureOp } from '../../../cpu/ir/ops.ts';
import { GuestRam } from '../../../memory/ram.ts';
import { MEMORY, WasmCode } from './code.ts';
import { moduleOf } from './module.ts';
import { PURE } from './pure.ts';
import { functionOf } from './web-assembly.ts';

type Scalar = number | bigint;

const memory = GuestRam.allocate(65_536, 0, 0).memory!;
/** The arguments, and behind them the result. */
const places = new BigInt64Array(memory.buffer, 0, 4);
const RESULT = 3;

const edges = [0n, 1n, 2n, 31n, 32n, 33n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn];
const words = fc.oneof(
  fc.constantFrom(...edges, ...edges.map((edge) => -edge), 0x7fffffffn, -0x80000000n),
  fc.bigInt(-0x80000000n, 0x7fffffffn),
);
const pairs = fc.tuple(words, words).map(([high, low]) => (high << 32n) | BigInt.asUintN(32, low));

test.each(PURE_NAMES)('%s', (name) => {
  const op = OPS[name] as PureOp;
  const body = new WasmCode();
  body.i32(0);
  PURE[name](body, (n) => {
    body.i32(0);
    body.memory(op.args[n] === 'i64' ? MEMORY.i64_load : MEMORY.i32_load, 8 * n);
  });
  body.memory(op.type === 'i64' ? MEMORY.i64_store : MEMORY.i32_store, 8 * RESULT);
  body.i32(0);
  const run = functionOf(moduleOf([], { signature: { params: 0, result: true }, locals: [], body }), { memory });
  const carries = name === 'adc64' || name === 'sbb64';
  const operands = fc.tuple(pairs, pairs, carries ? fc.bigInt(0n, 1n) : pairs);
  fc.assert(
    fc.property(operands, (given) => {
      const bits = (n: number): 32 | 64 => (op.args[n] === 'i64' ? 64 : 32);
      const args = op.args.map((type, n): Scalar => {
        const value = given[n]!;
        places[n] = value;
        return type === 'i64' ? BigInt.asUintN(bits(n), value) : Number(BigInt.asIntN(bits(n), value));
      });
      run();
      const wanted = (op.eval as (...all: Scalar[]) => Scalar)(...args);
      const got = places[RESULT]!;
      expect(op.type === 'i64' ? BigInt.asUintN(64, got) : Number(BigInt.asIntN(32, got))).toBe(wanted);
    }),
    { numRuns: 300 },
  );
});
