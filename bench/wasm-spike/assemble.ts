/** Bytes of WebAssembly. Nested lists are code in order. */
export type Code = number | readonly Code[];

const flat = (code: Code): number[] => (typeof code === 'number' ? [code] : code.flatMap(flat));

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}
function signed(value: bigint): number[] {
  const byte = Number(value & 0x7fn);
  const rest = value >> 7n;
  if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) return [byte];
  return [byte | 0x80, ...signed(rest)];
}

export const i32 = (value: number): Code => [0x41, signed(BigInt(value | 0))];
export const i64 = (value: bigint): Code => [0x42, signed(BigInt.asIntN(64, value))];
export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];

const BINARY = {
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_u': 0x76,
  'i32.lt_s': 0x48,
  'i32.ne': 0x47,
  'i64.add': 0x7c,
  'i64.mul': 0x7e,
  'i64.and': 0x83,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
  'i64.shr_u': 0x88,
  'i64.lt_u': 0x54,
  'i64.ne': 0x52,
} as const;
export const binary = (name: keyof typeof BINARY, a: Code, b: Code): Code => [a, b, BINARY[name]];
export const wrap = (value: Code): Code => [value, 0xa7];
export const extend = (value: Code): Code => [value, 0xad];

/** Little-endian accesses at `address + offset`; alignment is a hint, 0 promises nothing. */
export const load32 = (address: Code, offset: number): Code => [address, 0x28, 0, unsigned(offset)];
export const load64 = (address: Code, offset: number): Code => [address, 0x29, 0, unsigned(offset)];
export const store64 = (address: Code, value: Code, offset: number): Code => [
  address,
  value,
  0x37,
  0,
  unsigned(offset),
];
export const store32 = (address: Code, value: Code, offset: number): Code => [
  address,
  value,
  0x36,
  0,
  unsigned(offset),
];

const VOID = 0x40;
export const block = (code: Code): Code => [0x02, VOID, code, 0x0b];
export const loop = (code: Code): Code => [0x03, VOID, code, 0x0b];
/** Leaves `depth` blocks out, or repeats the loop there. */
export const branchIf = (condition: Code, depth: number): Code => [condition, 0x0d, depth];
export const branch = (depth: number): Code => [0x0c, depth];

/** A module that imports `m.memory` and exports one function `run() -> i32`. */
export function moduleOf(locals: { readonly i32: number; readonly i64: number }, body: Code): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: Code): number[] => {
    const bytes = flat(content);
    return [id, ...unsigned(bytes.length), ...bytes];
  };
  const text = (name: string): Code => [name.length, [...name].map((char) => char.charCodeAt(0))];
  const code = flat([2, [unsigned(locals.i64), 0x7e], [unsigned(locals.i32), 0x7f], body, 0x0b]);
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(2, [1, text('m'), text('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, text('run'), 0, 0]),
    ...section(10, [1, unsigned(code.length), code]),
  ]);
}
