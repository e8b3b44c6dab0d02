/** The record of native.c: what one instruction starts from, and what it leaves. */
export const IMAGE_BYTES = 800;
export const MEMORY = 0x20000;
export const MEMORY_BYTES = 128;
const CODE_BYTES = 16;

const FCW = 0;
const FSW = 2;
const FTW = 4;
const MXCSR = 24;
const ST = 32;
const XMM = 160;
const GPR = 512;
const RFLAGS = 640;
const VECTOR = 648;
const MEMORY_AT = 656;
const CODE_AT = MEMORY_AT + MEMORY_BYTES;

/** A view of one record. x87 registers are by physical number, not by distance from the top of stack as FXSAVE has them. */
export class Image {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array = new Uint8Array(IMAGE_BYTES)) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, IMAGE_BYTES);
  }

  get fcw(): number {
    return this.#view.getUint16(FCW, true);
  }
  set fcw(value: number) {
    this.#view.setUint16(FCW, value, true);
  }
  get fsw(): number {
    return this.#view.getUint16(FSW, true);
  }
  set fsw(value: number) {
    this.#view.setUint16(FSW, value, true);
  }
  get ftw(): number {
    return this.bytes[FTW]!;
  }
  set ftw(value: number) {
    this.bytes[FTW] = value;
  }
  get mxcsr(): number {
    return this.#view.getUint32(MXCSR, true);
  }
  set mxcsr(value: number) {
    this.#view.setUint32(MXCSR, value, true);
  }
  get rflags(): number {
    return this.#view.getUint32(RFLAGS, true);
  }
  set rflags(value: number) {
    this.#view.setUint32(RFLAGS, value, true);
  }
  /** Exception vector; 0 when there was none. */
  get vector(): number {
    return this.#view.getUint32(VECTOR, true);
  }
  set vector(value: number) {
    this.#view.setUint32(VECTOR, value, true);
  }

  gpr(reg: number): bigint {
    return this.#view.getBigUint64(GPR + 8 * reg, true);
  }
  setGpr(reg: number, value: bigint): void {
    this.#view.setBigUint64(GPR + 8 * reg, value, true);
  }
  /** Ten bytes of physical register `reg`; FSW must stand before. */
  st(reg: number): Uint8Array {
    const at = ST + 16 * ((reg - (this.fsw >> 11)) & 7);
    return this.bytes.subarray(at, at + 10);
  }
  xmm(reg: number): Uint8Array {
    return this.bytes.subarray(XMM + 16 * reg, XMM + 16 * reg + 16);
  }
  get memory(): Uint8Array {
    return this.bytes.subarray(MEMORY_AT, MEMORY_AT + MEMORY_BYTES);
  }
  setCode(code: Uint8Array, end: number): void {
    this.bytes.fill(end, CODE_AT, CODE_AT + CODE_BYTES);
    this.bytes.set(code, CODE_AT);
  }

  copy(): Image {
    return new Image(this.bytes.slice());
  }
}
