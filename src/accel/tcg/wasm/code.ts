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
  i32_ge_u: 0x4f,
  i64_eqz: 0x50,
  i64_eq: 0x51,
  i64_ne: 0x52,
  i64_lt_s: 0x53,
  i64_lt_u: 0x54,
  i64_gt_u: 0x56,
  i64_ge_s: 0x59,
  i64_ge_u: 0x5a,
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
  f32_demote_f64: 0xb6,
  f64_convert_i32_s: 0xb7,
  f64_convert_i64_s: 0xb9,
  f64_promote_f32: 0xbb,
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
  i64_load32_u: 0x35,
  i32_store: 0x36,
  i64_store: 0x37,
  f32_store: 0x38,
  f64_store: 0x39,
  i32_store8: 0x3a,
  i32_store16: 0x3b,
} as const;

/** Conversions that give the nearest integer of the range for what is outside; behind the prefix 0xfc. */
export const TRUNC_SAT = { i32_f64_s: 2, i64_f64_s: 6 } as const;

/** Instructions on vectors without immediates; behind the prefix 0xfd. */
export const SIMD = {
  i8x16_swizzle: 0x0e,
  i8x16_eq: 0x23,
  i8x16_gt_s: 0x27,
  i16x8_eq: 0x2d,
  i16x8_gt_s: 0x31,
  i32x4_eq: 0x37,
  i32x4_gt_s: 0x3b,
  f32x4_eq: 0x41,
  f32x4_lt: 0x43,
  f32x4_ge: 0x46,
  f64x2_eq: 0x47,
  f64x2_lt: 0x49,
  f64x2_ge: 0x4c,
  v128_not: 0x4d,
  v128_and: 0x4e,
  v128_andnot: 0x4f,
  v128_or: 0x50,
  v128_xor: 0x51,
  v128_any_true: 0x53,
  i8x16_bitmask: 0x64,
  i8x16_narrow_i16x8_s: 0x65,
  i8x16_narrow_i16x8_u: 0x66,
  i8x16_add: 0x6e,
  i8x16_add_sat_s: 0x6f,
  i8x16_add_sat_u: 0x70,
  i8x16_sub: 0x71,
  i8x16_sub_sat_s: 0x72,
  i8x16_sub_sat_u: 0x73,
  i8x16_min_s: 0x76,
  i8x16_min_u: 0x77,
  i8x16_max_s: 0x78,
  i8x16_max_u: 0x79,
  i8x16_avgr_u: 0x7b,
  i16x8_narrow_i32x4_s: 0x85,
  i16x8_narrow_i32x4_u: 0x86,
  i16x8_shl: 0x8b,
  i16x8_shr_s: 0x8c,
  i16x8_shr_u: 0x8d,
  i16x8_add: 0x8e,
  i16x8_add_sat_s: 0x8f,
  i16x8_add_sat_u: 0x90,
  i16x8_sub: 0x91,
  i16x8_sub_sat_s: 0x92,
  i16x8_sub_sat_u: 0x93,
  i16x8_mul: 0x95,
  i16x8_min_s: 0x96,
  i16x8_min_u: 0x97,
  i16x8_max_s: 0x98,
  i16x8_max_u: 0x99,
  i16x8_avgr_u: 0x9b,
  i32x4_all_true: 0xa3,
  i32x4_bitmask: 0xa4,
  i32x4_shl: 0xab,
  i32x4_shr_s: 0xac,
  i32x4_shr_u: 0xad,
  i32x4_add: 0xae,
  i32x4_sub: 0xb1,
  i32x4_mul: 0xb5,
  i32x4_min_s: 0xb6,
  i32x4_min_u: 0xb7,
  i32x4_max_s: 0xb8,
  i32x4_max_u: 0xb9,
  i32x4_dot_i16x8_s: 0xba,
  i64x2_bitmask: 0xc4,
  i64x2_shl: 0xcb,
  i64x2_shr_u: 0xcd,
  i64x2_add: 0xce,
  i64x2_sub: 0xd1,
  i64x2_eq: 0xd6,
  i64x2_gt_s: 0xd9,
  f32x4_abs: 0xe0,
  f32x4_sqrt: 0xe3,
  f32x4_add: 0xe4,
  f32x4_sub: 0xe5,
  f32x4_mul: 0xe6,
  f32x4_div: 0xe7,
  f64x2_abs: 0xec,
  f64x2_sqrt: 0xef,
  f64x2_add: 0xf0,
  f64x2_sub: 0xf1,
  f64x2_mul: 0xf2,
  f64x2_div: 0xf3,
  f64x2_convert_low_i32x4_s: 0xfe,
} as const;

/** Loads and stores of vectors; that of 64 bits makes zeros above. */
export const VECTOR_MEMORY = { load: 0x00, store: 0x0b, load64_zero: 0x5d } as const;

const VOID = 0x40;

/** Whether a branch's condition is mostly true or seldom (the branch hinting proposal). */
export const HINT = { UNLIKELY: 0, LIKELY: 1 } as const;
export type Hint = (typeof HINT)[keyof typeof HINT];

/** Bytes of WebAssembly in the making. */
export class WasmCode {
  #bytes = new Uint8Array(4096);
  #length = 0;
  /** What is known of conditions of branches, which begin so many bytes from the beginning. */
  readonly hints: { readonly at: number; readonly hint: Hint }[] = [];

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

  /** Goes on with other code. */
  appendCode({ bytes, hints }: WasmCode): void {
    for (const { at, hint } of hints) this.hints.push({ at: this.#length + at, hint });
    this.append(bytes);
  }

  #hint(hint: Hint | undefined): void {
    if (hint !== undefined) this.hints.push({ at: this.#length, hint });
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

  /** One of SIMD. */
  simd(code: number): void {
    this.byte(0xfd);
    this.unsigned(code);
  }
  /** One of VECTOR_MEMORY. */
  vectorMemory(code: number, offset: number): void {
    this.simd(code);
    this.byte(0);
    this.unsigned(offset);
  }
  /** Loads the upper 8 bytes of the vector on the stack, from the address below it. */
  loadUpper(offset: number): void {
    this.simd(0x57);
    this.byte(0);
    this.unsigned(offset);
    this.byte(1);
  }
  /** A vector of 16 bytes. */
  v128(bytes: Uint8Array): void {
    this.simd(0x0c);
    this.append(bytes);
  }
  /** The bytes of two vectors by number, the first one's before those of the second. */
  shuffle(bytes: readonly number[]): void {
    this.simd(0x0d);
    this.append(Uint8Array.from(bytes));
  }
  /** Puts a number in the place of the lowest one of a vector. */
  replaceLowest(type: typeof I32 | typeof I64): void {
    this.simd(type === I32 ? 0x1c : 0x1e);
    this.byte(0);
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

  /** Pushes a global. */
  global(index: number): void {
    this.byte(0x23);
    this.unsigned(index);
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
  if(hint?: Hint): void {
    this.#hint(hint);
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
  brIf(depth: number, hint?: Hint): void {
    this.#hint(hint);
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
