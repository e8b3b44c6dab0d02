import {
  F32,
  F64,
  HINT,
  I32,
  I64,
  MEMORY,
  OP,
  SIMD,
  TRUNC_SAT,
  V128,
  VECTOR_MEMORY,
  type WasmCode,
  type WasmType,
} from './code.ts';
import type { Import } from './module.ts';

const TYPES = new Map<WasmType, string>([
  [I32, 'i32'],
  [I64, 'i64'],
  [F32, 'f32'],
  [F64, 'f64'],
  [V128, 'v128'],
]);

/** Names by opcode: `i32_add` is `i32.add`. */
const named = (table: Readonly<Record<string, number>>, nameOf = (key: string) => key.replace('_', '.')) =>
  new Map(Object.entries(table).map(([key, code]) => [code, nameOf(key)]));

const PLAIN = named(OP);
const ACCESS = named(MEMORY);
const VECTORS = named(SIMD);
const VECTOR_ACCESS = named(VECTOR_MEMORY, (key) => `v128.${key}`);
const TRUNCATIONS = named(TRUNC_SAT, (key) => key.replace('_', '.trunc_sat_'));

/** Instructions behind which what they hold is indented. */
const OPENERS = new Map([
  [0x02, 'block'],
  [0x03, 'loop'],
  [0x04, 'if'],
  [0x06, 'try'],
]);
const CATCH_ALL = 0x19;
const VARIABLES = new Map([
  [0x20, 'local.get'],
  [0x21, 'local.set'],
  [0x22, 'local.tee'],
  [0x23, 'global.get'],
]);
const BRANCHES = new Map([
  [0x0c, 'br'],
  [0x0d, 'br_if'],
  [0x09, 'rethrow'],
]);
const BRANCH_TABLE = 0x0e;
const CALLS = new Map([
  [0x10, 'call'],
  [0x12, 'return_call'],
]);
const CALL_INDIRECT = 0x13;
const CONSTANT = { I32: 0x41, I64: 0x42, F32: 0x43, F64: 0x44 } as const;
const PREFIX = { BULK: 0xfc, VECTOR: 0xfd } as const;
const TABLE_SIZE = 16;
const VECTOR = { CONSTANT: 0x0c, SHUFFLE: 0x0d, REPLACE_I32: 0x1c, REPLACE_I64: 0x1e, LOAD_UPPER: 0x57 } as const;

/** Reads the immediates of instructions. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Bytes that were read. */
  get at(): number {
    return this.#at;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  unsigned(): number {
    return Number(BigInt.asUintN(32, this.#leb().value));
  }

  signed(): bigint {
    const { value, bits } = this.#leb();
    return BigInt.asIntN(bits, value);
  }

  float(bytes: 4 | 8): number {
    const at = this.#at;
    this.#at += bytes;
    return bytes === 4 ? this.#view.getFloat32(at, true) : this.#view.getFloat64(at, true);
  }

  lanes(): string {
    return Array.from({ length: 16 }, () => this.byte()).join(' ');
  }

  access(): string {
    this.unsigned();
    return `offset=${this.unsigned()}`;
  }

  #leb(): { readonly value: bigint; readonly bits: number } {
    let value = 0n;
    for (let bits = 0; ; bits += 7) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(bits);
      if (byte < 0x80) return { value, bits: bits + 7 };
    }
  }
}

/**
 * The body of a function for people: an instruction a line, named as in the WebAssembly specification, what a block holds
 * indented. It knows what code.ts can print; the listing ends where anything else stands.
 */
export function listing(
  { bytes, hints }: Pick<WasmCode, 'bytes' | 'hints'>,
  locals: readonly WasmType[],
  imports: readonly Import[],
): string {
  const reader = new Reader(bytes);
  const hinted = new Map(hints.map(({ at, hint }) => [at, hint === HINT.LIKELY ? ' ;; likely' : ' ;; unlikely']));
  const lines = [`(local ${locals.map((type) => TYPES.get(type)).join(' ')})`];
  let depth = 0;
  while (!reader.isAtEnd) {
    const hint = hinted.get(reader.at) ?? '';
    const code = reader.byte();
    const opener = OPENERS.get(code);
    if (opener !== undefined) reader.byte();
    if (code === OP.end) depth--;
    const closes = code === OP.else || code === CATCH_ALL;
    const text = opener ?? instruction(code, reader, imports);
    const line = text === undefined ? `0x${code.toString(16)} is not known` : `${text}${hint}`;
    lines.push('  '.repeat(Math.max(0, closes ? depth - 1 : depth)) + line);
    if (text === undefined) break;
    if (opener !== undefined) depth++;
  }
  return lines.join('\n');
}

/** Undefined: code.ts does not print it. */
function instruction(code: number, reader: Reader, imports: readonly Import[]): string | undefined {
  const indexed = VARIABLES.get(code) ?? BRANCHES.get(code);
  if (indexed !== undefined) return `${indexed} ${reader.unsigned()}`;
  const call = CALLS.get(code);
  if (call !== undefined) {
    const number = reader.unsigned();
    return `${call} ${imports[number]?.name ?? number}`;
  }
  const access = ACCESS.get(code);
  if (access !== undefined) return `${access} ${reader.access()}`;
  switch (code) {
    case CATCH_ALL:
      return 'catch_all';
    case BRANCH_TABLE:
      return `br_table ${Array.from({ length: reader.unsigned() + 1 }, () => reader.unsigned()).join(' ')}`;
    case CALL_INDIRECT: {
      const type = reader.unsigned();
      reader.unsigned();
      return `return_call_indirect (type ${type})`;
    }
    case CONSTANT.I32:
      return `i32.const ${reader.signed()}`;
    case CONSTANT.I64:
      return `i64.const ${reader.signed()}`;
    case CONSTANT.F32:
      return `f32.const ${reader.float(4)}`;
    case CONSTANT.F64:
      return `f64.const ${reader.float(8)}`;
    case PREFIX.BULK: {
      const sub = reader.unsigned();
      if (sub !== TABLE_SIZE) return TRUNCATIONS.get(sub);
      reader.unsigned();
      return 'table.size';
    }
    case PREFIX.VECTOR:
      return vector(reader.unsigned(), reader);
    default:
      return PLAIN.get(code);
  }
}

function vector(sub: number, reader: Reader): string | undefined {
  const access = VECTOR_ACCESS.get(sub);
  if (access !== undefined) return `${access} ${reader.access()}`;
  switch (sub) {
    case VECTOR.CONSTANT:
      return `v128.const i8x16 ${reader.lanes()}`;
    case VECTOR.SHUFFLE:
      return `i8x16.shuffle ${reader.lanes()}`;
    case VECTOR.LOAD_UPPER:
      return `v128.load64_lane ${reader.access()} ${reader.byte()}`;
    case VECTOR.REPLACE_I32:
      return `i32x4.replace_lane ${reader.byte()}`;
    case VECTOR.REPLACE_I64:
      return `i64x2.replace_lane ${reader.byte()}`;
    default:
      return VECTORS.get(sub);
  }
}
