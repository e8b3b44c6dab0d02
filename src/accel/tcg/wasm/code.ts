/** Value types of locals, parameters and results. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export type WasmType = typeof I32 | typeof I64 | typeof F32 | typeof F64 | typeof V128;

/** Instructions without immediates, by their names in the WebAssembly specification (core, 5.4). */
export const OP = {
  unreachable: 0x00,
  else: 0x05,
  end: 0x0b,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  i32_eqz: 0x45,
  i32_eq: 0x46,
  i32_ne: 0x47,
  i32_lt_s: 0x48,
  i32_lt_u: 0x49,
  i32_gt_s: 0x4a,
  i32_gt_u: 0x4b,
  i32_ge_s: 0x4e,
  i64_eqz: 0x50,
  i64_eq: 0x51,
  i64_ne: 0x52,
  i64_lt_s: 0x53,
  i64_lt_u: 0x54,
  i64_gt_u: 0x56,
  f32_eq: 0x5b,
  f32_lt: 0x5d,
  f32_gt: 0x5e,
  f32_ge: 0x60,
  f64_eq: 0x61,
  f64_lt: 0x63,
  f64_gt: 0x64,
  f64_le: 0x65,
  f64_ge: 0x66,
  i32_clz: 0x67,
  i32_ctz: 0x68,
  i32_popcnt: 0x69,
  i32_add: 0x6a,
  i32_sub: 0x6b,
  i32_mul: 0x6c,
  i32_div_s: 0x6d,
  i32_div_u: 0x6e,
  i32_and: 0x71,
  i32_or: 0x72,
  i32_xor: 0x73,
  i32_shl: 0x74,
  i32_shr_s: 0x75,
  i32_shr_u: 0x76,
  i32_rotl: 0x77,
  i64_clz: 0x79,
  i64_ctz: 0x7a,
  i64_popcnt: 0x7b,
  i64_add: 0x7c,
  i64_sub: 0x7d,
  i64_mul: 0x7e,
  i64_div_s: 0x7f,
  i64_div_u: 0x80,
  i64_and: 0x83,
  i64_or: 0x84,
  i64_xor: 0x85,
  i64_shl: 0x86,
  i64_shr_s: 0x87,
  i64_shr_u: 0x88,
  i64_rotl: 0x89,
  f32_sqrt: 0x91,
  f32_add: 0x92,
  f32_sub: 0x93,
  f32_mul: 0x94,
  f32_div: 0x95,
  f64_abs: 0x99,
  f64_sqrt: 0x9f,
  f64_add: 0xa0,
  f64_sub: 0xa1,
  f64_mul: 0xa2,
  f64_div: 0xa3,
  i32_wrap_i64: 0xa7,
  i64_extend_i32_s: 0xac,
  i64_extend_i32_u: 0xad,
  f64_convert_i32_s: 0xb7,
  f64_convert_i64_s: 0xb9,
  i32_reinterpret_f32: 0xbc,
  i64_reinterpret_f64: 0xbd,
  i32_extend8_s: 0xc0,
  i32_extend16_s: 0xc1,
  i64_extend8_s: 0xc2,
  i64_extend16_s: 0xc3,
  i64_extend32_s: 0xc4,
} as const;

/** Loads and stores: they are followed by an alignment and an offset. */
export const MEMORY = {
  i32_load: 0x28,
  i64_load: 0x29,
  f32_load: 0x2a,
  f64_load: 0x2b,
  i32_load8_u: 0x2d,
  i32_load16_u: 0x2f,
  i32_store: 0x36,
  i64_store: 0x37,
  f32_store: 0x38,
  f64_store: 0x39,
  i32_store8: 0x3a,
  i32_store16: 0x3b,
} as const;

/** Conversions that give the nearest integer of the range for what is outside; behind the prefix 0xfc. */
export const TRUNC_SAT = { i32_f64_s: 2, i64_f64_s: 6 } as const;

const VOID = 0x40;

/** Bytes of WebAssembly in the making. */
export class WasmCode {
  #bytes = new Uint8Array(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #grow(by: number): void {
    const larger = new Uint8Array(2 * this.#bytes.length + by);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** LEB128, for values below 2^32. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  i32(value: number): void {
    this.byte(0x41);
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  i64(low: number, high: number): void {
    this.byte(0x42);
    let [l, h] = [low | 0, high | 0];
    while (!(h === l >> 31 && l >= -64 && l <= 63)) {
      this.byte((l & 0x7f) | 0x80);
      l = (l >>> 7) | (h << 25);
      h >>= 7;
    }
    this.byte(l & 0x7f);
  }

  f32(value: number): void {
    this.byte(0x43);
    this.append(new Uint8Array(new Float32Array([value]).buffer));
  }

  f64(value: number): void {
    this.byte(0x44);
    this.append(new Uint8Array(new Float64Array([value]).buffer));
  }

  op(code: number): void {
    this.byte(code);
  }
  /** One of TRUNC_SAT. */
  truncSat(code: number): void {
    this.byte(0xfc);
    this.unsigned(code);
  }

  get(local: number): void {
    this.byte(0x20);
    this.unsigned(local);
  }
  set(local: number): void {
    this.byte(0x21);
    this.unsigned(local);
  }
  /** As `set`, and the value stays. */
  tee(local: number): void {
    this.byte(0x22);
    this.unsigned(local);
  }

  /** A load or store at `offset` from the address on the stack; no alignment is promised. */
  memory(code: number, offset: number): void {
    this.byte(code);
    this.byte(0);
    this.unsigned(offset);
  }

  block(): void {
    this.byte(0x02);
    this.byte(VOID);
  }
  loop(): void {
    this.byte(0x03);
    this.byte(VOID);
  }
  if(): void {
    this.byte(0x04);
    this.byte(VOID);
  }
  try(): void {
    this.byte(0x06);
    this.byte(VOID);
  }
  catchAll(): void {
    this.byte(0x19);
  }
  rethrow(depth: number): void {
    this.byte(0x09);
    this.unsigned(depth);
  }
  /** Leaves `depth` blocks out, or repeats the loop there. */
  br(depth: number): void {
    this.byte(0x0c);
    this.unsigned(depth);
  }
  brIf(depth: number): void {
    this.byte(0x0d);
    this.unsigned(depth);
  }
  /** Leaves as many blocks out as the list says for the number on the stack, or `other`. */
  brTable(depths: readonly number[], other: number): void {
    this.byte(0x0e);
    this.unsigned(depths.length);
    for (const depth of depths) this.unsigned(depth);
    this.unsigned(other);
  }
  /** Calls a function of the module. */
  call(index: number): void {
    this.byte(0x10);
    this.unsigned(index);
  }
  /** As a call, and the function called returns to this one's caller. */
  returnCall(index: number): void {
    this.byte(0x12);
    this.unsigned(index);
  }
  /** As `returnCall`, of the function in table 0 whose index is on the stack. */
  returnCallIndirect(type: number): void {
    this.byte(0x13);
    this.unsigned(type);
    this.byte(0);
  }
  /** Pushes the size of table 0. */
  tableSize(): void {
    this.byte(0xfc);
    this.unsigned(16);
    this.unsigned(0);
  }
}
