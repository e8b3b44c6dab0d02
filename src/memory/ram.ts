/**
 * The bytes of guest RAM and ROM images: one buffer, typed views over it.
 * RAM lies at offset 0; ROM images follow behind it. Where they appear to the guest is the
 * address map's matter.
 */
export class GuestRam {
  readonly buffer: ArrayBuffer;
  /** Bytes of RAM; the buffer may be longer (ROM images). */
  readonly size: number;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly view: DataView;

  /** `buffer` may come from an accelerator (mmap); its length is a multiple of 4096. */
  constructor(buffer: ArrayBuffer, size: number) {
    this.buffer = buffer;
    this.size = size;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.view = new DataView(buffer);
  }
}
