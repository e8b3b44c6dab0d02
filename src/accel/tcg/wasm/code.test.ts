import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WasmCode } from './code.ts';

/** The number that LEB128 bytes stand for, of so many bits (WebAssembly core 5.2.2). */
function decode(bytes: Uint8Array, bits: number, signed: boolean): bigint {
  let value = 0n;
  bytes.forEach((byte, n) => {
    expect(byte >> 7).toBe(n < bytes.length - 1 ? 1 : 0);
    value |= BigInt(byte & 0x7f) << BigInt(7 * n);
  });
  if (!signed) return value;
  value = BigInt.asIntN(7 * bytes.length, value);
  // Bits beyond the size repeat the sign.
  expect(BigInt.asIntN(bits, value)).toBe(value);
  return value;
}

/** Bytes that a number needs. */
function least(value: bigint, signed: boolean): number {
  let count = 1;
  const fits = (): boolean => (signed ? BigInt.asIntN : BigInt.asUintN)(7 * count, value) === value;
  while (!fits()) count++;
  return count;
}

function printed(print: (code: WasmCode) => void): Uint8Array {
  const code = new WasmCode();
  print(code);
  return code.bytes;
}

const EDGES = [0n, 1n, -1n, 63n, 64n, -64n, -65n, 127n, 128n, 8191n, 8192n, -8192n, -8193n];
const powers = (bits: number): bigint[] =>
  Array.from({ length: bits }, (_, n) => [1n << BigInt(n), (1n << BigInt(n)) - 1n, -1n << BigInt(n)]).flat();

describe('constants are the shortest LEB128', () => {
  test('i32', () => {
    const check = (value: bigint): void => {
      const [op, ...bytes] = printed((code) => code.i32(Number(value)));
      expect(op).toBe(0x41);
      expect(decode(Uint8Array.from(bytes), 32, true)).toBe(value);
      expect(bytes).toHaveLength(least(value, true));
    };
    for (const value of [...EDGES, ...powers(31), -(1n << 31n)]) check(value);
    fc.assert(fc.property(fc.integer(), (value) => check(BigInt(value))));
    // A number without sign is the same constant.
    expect(printed((code) => code.i32(0xffffffff))).toEqual(printed((code) => code.i32(-1)));
    expect(printed((code) => code.i32(2 ** 31))).toEqual(printed((code) => code.i32(-(2 ** 31))));
  });

  test('i64', () => {
    const check = (value: bigint): void => {
      const halves = [value, value >> 32n].map((half) => Number(BigInt.asIntN(32, half))) as [number, number];
      const [op, ...bytes] = printed((code) => code.i64(...halves));
      expect(op).toBe(0x42);
      expect(decode(Uint8Array.from(bytes), 64, true)).toBe(value);
      expect(bytes).toHaveLength(least(value, true));
      // Halves without sign are the same constant.
      expect(printed((code) => code.i64(halves[0] >>> 0, halves[1] >>> 0))).toEqual(Uint8Array.of(0x42, ...bytes));
    };
    for (const value of [...EDGES, ...powers(63), -(1n << 63n)]) check(value);
    fc.assert(fc.property(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n), check));
  });

  test('indices and offsets', () => {
    const check = (value: bigint): void => {
      const bytes = printed((code) => code.unsigned(Number(value)));
      expect(decode(bytes, 32, false)).toBe(value);
      expect(bytes).toHaveLength(least(value, false));
    };
    for (const value of [0n, 1n, 127n, 128n, 16383n, 16384n, 1n << 31n, (1n << 32n) - 1n]) check(value);
    fc.assert(fc.property(fc.nat(), (value) => check(BigInt(value))));
  });
});

test('floats are their bytes', () => {
  expect([...printed((code) => code.f64(-2))]).toEqual([0x44, 0, 0, 0, 0, 0, 0, 0, 0xc0]);
  expect([...printed((code) => code.f32(-2))]).toEqual([0x43, 0, 0, 0, 0xc0]);
});

test('code grows as it must', () => {
  const code = new WasmCode();
  for (let n = 0; n < 10_000; n++) code.byte(n & 0xff);
  code.append(new Uint8Array(50_000).fill(7));
  code.append(code.bytes.slice(0, 3));
  expect(code.length).toBe(60_003);
  const { bytes } = code;
  expect([bytes[9_999], bytes[10_000], bytes[59_999], bytes[60_002]]).toEqual([9_999 & 0xff, 7, 7, 2]);
});
