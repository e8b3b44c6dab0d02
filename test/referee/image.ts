import { WINDOW_BYTES } from './layout.ts';

/**
 * A state before or after an instruction, as the guest's programs load and store it: the area of FXSAVE,
 * general registers, RIP, RFLAGS, exception (vector, error code, CR2), selectors and bases, data.
 */
export const AT = {
  fcw: 0,
  fsw: 2,
  ftw: 4,
  mxcsr: 24,
  st: 32,
  xmm: 160,
  gpr: 512,
  rip: 640,
  rflags: 648,
  /** The exception that ended the case; the HLT behind an instruction gives #GP(0) too. */
  vector: 656,
  errorCode: 660,
  cr2: 664,
  /** ES CS SS DS FS GS, 16 bits each. */
  selectors: 672,
  fsBase: 688,
  gsBase: 696,
  data: 704,
} as const;
export const IMAGE_BYTES = 0x800;
/** Vector of a case that KVM could not run to an end. */
export const NO_RESULT = 0xff;

const PAGE_FAULT = 14;

export class Image {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Why there is no result. */
  note = '';

  constructor(bytes: Uint8Array = new Uint8Array(IMAGE_BYTES)) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, IMAGE_BYTES);
  }

  gpr(reg: number): bigint {
    return this.view.getBigUint64(AT.gpr + 8 * reg, true);
  }
  setGpr(reg: number, value: bigint): void {
    this.view.setBigUint64(AT.gpr + 8 * reg, value, true);
  }
  get rip(): bigint {
    return this.view.getBigUint64(AT.rip, true);
  }
  set rip(value: bigint) {
    this.view.setBigUint64(AT.rip, value, true);
  }
  get rflags(): number {
    return this.view.getUint32(AT.rflags, true);
  }
  set rflags(value: number) {
    this.view.setUint32(AT.rflags, value, true);
  }
  get vector(): number {
    return this.view.getUint32(AT.vector, true);
  }
  /** The exception. `errorCode` -1: none was pushed. */
  setException(vector: number, errorCode: number, cr2: bigint): void {
    this.view.setUint32(AT.vector, vector, true);
    this.view.setInt32(AT.errorCode, errorCode, true);
    this.view.setBigUint64(AT.cr2, cr2, true);
  }
  get errorCode(): number {
    return this.view.getInt32(AT.errorCode, true);
  }
  get cr2(): bigint {
    return this.view.getBigUint64(AT.cr2, true);
  }
  selector(seg: number): number {
    return this.view.getUint16(AT.selectors + 2 * seg, true);
  }
  setSelector(seg: number, value: number): void {
    this.view.setUint16(AT.selectors + 2 * seg, value, true);
  }
  /** Clears what FXSAVE leaves open: pointers, reserved bytes; and CR2 when no page fault set it. */
  settle(): void {
    const { bytes } = this;
    bytes.fill(0, AT.ftw + 1, AT.mxcsr);
    bytes.fill(0, AT.mxcsr + 4, AT.st);
    for (let n = 0; n < 8; n++) bytes.fill(0, AT.st + 16 * n + 10, AT.st + 16 * n + 16);
    bytes.fill(0, AT.xmm + 256, AT.gpr);
    if (this.vector !== PAGE_FAULT) this.view.setBigUint64(AT.cr2, 0n, true);
  }
  copySegments({ bytes }: Image): void {
    this.bytes.set(bytes.subarray(AT.selectors, AT.data), AT.selectors);
  }
  setBases(fs: bigint, gs: bigint): void {
    this.view.setBigUint64(AT.fsBase, fs, true);
    this.view.setBigUint64(AT.gsBase, gs, true);
  }
  get fsw(): number {
    return this.view.getUint16(AT.fsw, true);
  }
  get mxcsr(): number {
    return this.view.getUint32(AT.mxcsr, true);
  }
  /** Sixteen bytes of which ten count; `n` is the distance from the top of the stack. */
  st(n: number): Uint8Array {
    return this.bytes.subarray(AT.st + 16 * n, AT.st + 16 * n + 10);
  }
  xmm(reg: number): Uint8Array {
    return this.bytes.subarray(AT.xmm + 16 * reg, AT.xmm + 16 * reg + 16);
  }
  get data(): Uint8Array {
    return this.bytes.subarray(AT.data, AT.data + WINDOW_BYTES);
  }
  copy(): Image {
    return new Image(this.bytes.slice());
  }
}
