import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arithmeticFlags, condition, type FlagKind, flagKindCode, KIND, setCarries } from '../../../cpu/flags.ts';
import { FLAG, W } from '../../../cpu/state.ts';
import { GuestRam } from '../../../memory/ram.ts';
import { MEMORY, OP, WasmCode } from './code.ts';
import { FlagPrinter, isKnown } from './flags.ts';
import { flagsModule } from './flags-module.ts';
import { moduleOf } from './module.ts';
import { functionOf } from './web-assembly.ts';

const CONDITIONS = 16;
const SIGNATURE = { params: 1, result: true } as const;
const memory = GuestRam.allocate(65_536, 0, 0).memory!;
/** The state lies at 0. */
const w = new Int32Array(memory.buffer);
const flagsOfState = functionOf(flagsModule(0), { memory, flagsOf: () => arithmeticFlags(w) });

const SOME = [FLAG.CARRIES, FLAG.CF | FLAG.ZF, FLAG.AF, FLAG.SF];

/** A function of the kind: the condition with its argument's number, then flags of a mask of SOME, then all. */
function compile(kind: number): CallableFunction {
  const body = new WasmCode();
  const push = (word: number) => (): void => {
    body.i32(0);
    body.memory((kind & 3) === 3 ? MEMORY.i64_load : MEMORY.i32_load, 4 * word);
  };
  const printer = new FlagPrinter(body, kind, { a: push(W.flagA), b: push(W.flagB), r: push(W.flagRes) });
  const when = (number: number, print: () => void): void => {
    body.get(0);
    body.i32(number);
    body.op(OP.i32_eq);
    body.if();
    print();
    body.op(OP.return);
    body.op(OP.end);
  };
  for (let cc = 0; cc < CONDITIONS; cc++) when(cc, () => printer.condition(cc));
  for (const [n, mask] of SOME.entries()) when(CONDITIONS + n, () => printer.some(mask));
  printer.all();
  return functionOf(moduleOf([], { signature: SIGNATURE, locals: [], body }), { memory });
}

/** What the operation leaves in flagA, flagB and flagRes for two operands and the carry before. */
function parts(kind: FlagKind, bits: number, a: bigint, b: bigint, carry: bigint): [a: bigint, b: bigint, r: bigint] {
  const cut = (x: bigint): bigint => BigInt.asUintN(bits, x);
  const signed = (x: bigint): bigint => BigInt.asIntN(bits, x);
  const noted = BigInt(FLAG.ARITH & 0x811);
  switch (kind) {
    case 'EXPLICIT':
      return [a & BigInt(FLAG.ARITH), 0n, 0n];
    case 'ADD':
      return [a, b, a + b];
    case 'SUB':
      return [a, b, a - b];
    case 'LOGIC':
      return [0n, 0n, a];
    case 'INC':
      return [carry, 0n, a + 1n];
    case 'DEC':
      return [carry, 0n, a - 1n];
    case 'CARRIES':
      return [b & noted, 0n, a];
    case 'ADC':
      return [a, b, a + b + carry];
    case 'SBB':
      return [a, b, a - b - carry];
    case 'MUL':
      return [cut((a * b) >> BigInt(bits)), 0n, a * b];
    case 'IMUL':
      return [a, b, signed(a) * signed(b)];
  }
}

function store(kind: FlagKind, size: number, a: bigint, b: bigint, carry: bigint): void {
  const bits = 8 * size;
  const cut = (x: bigint): bigint => BigInt.asUintN(bits, x);
  const [left, right, result] = parts(kind, bits, cut(a), cut(b), carry);
  w[W.flagKind] = flagKindCode(kind, size);
  for (const [word, value] of [
    [W.flagA, left],
    [W.flagB, right],
    [W.flagRes, BigInt.asIntN(bits, result)],
  ] as const) {
    w[word] = Number(BigInt.asIntN(32, value));
    w[word + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}

const operands = (size: number): fc.Arbitrary<bigint> => {
  const top = 1n << BigInt(8 * size - 1);
  return fc.oneof(
    fc.constantFrom(0n, 1n, 15n, 16n, 127n, 128n, 255n, top - 1n, top, top + 1n, 2n * top - 2n, 2n * top - 1n),
    fc.bigInt(0n, 2n * top - 1n),
  );
};

const KINDS = Object.keys(KIND) as FlagKind[];
const CASES = KINDS.flatMap((kind) => (kind === 'EXPLICIT' ? [4] : [1, 2, 4, 8]).map((size) => [kind, size] as const));

describe('flags and conditions in WebAssembly are those of the CPU', () => {
  test.each(CASES.filter(([kind, size]) => isKnown(flagKindCode(kind, size))))('%s of %i bytes', (kind, size) => {
    const run = compile(flagKindCode(kind, size));
    fc.assert(
      fc.property(operands(size), operands(size), fc.bigInt(0n, 1n), (a, b, carry) => {
        store(kind, size, a, b, carry);
        const wanted = Array.from({ length: CONDITIONS }, (_, cc) => condition(w, cc));
        expect(wanted.map((_, cc) => run(cc))).toEqual(wanted);
        expect(SOME.map((_, n) => run(CONDITIONS + n))).toEqual(SOME.map((mask) => arithmeticFlags(w) & mask));
        expect(run(CONDITIONS + SOME.length)).toBe(arithmeticFlags(w));
      }),
      { numRuns: 200 },
    );
  });

  test.each(CASES)('OF, AF and CF are replaced, %s of %i bytes', (kind, size) => {
    fc.assert(
      fc.property(operands(size), operands(size), fc.bigInt(0n, 1n), fc.nat(), (a, b, carry, bits) => {
        store(kind, size, a, b, carry);
        const others = arithmeticFlags(w) & ~FLAG.CARRIES;
        setCarries(w, bits & FLAG.CARRIES);
        expect(arithmeticFlags(w)).toBe(others | (bits & FLAG.CARRIES));
        expect(flagsOfState()).toBe(arithmeticFlags(w));
      }),
      { numRuns: 60 },
    );
  });

  test.each(CASES)('those of the state, %s of %i bytes', (kind, size) => {
    fc.assert(
      fc.property(operands(size), operands(size), fc.bigInt(0n, 1n), (a, b, carry) => {
        store(kind, size, a, b, carry);
        expect(flagsOfState()).toBe(arithmeticFlags(w));
      }),
      { numRuns: 60 },
    );
  });
});
