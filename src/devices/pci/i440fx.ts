import { PciFunction } from './pci-function.ts';

/** One stretch of C0000h-FFFFFh and where its accesses go: to DRAM, or to the bus with the ROMs. */
export interface PamSegment {
  readonly base: number;
  readonly length: number;
  /** Reads come from DRAM. */
  readonly read: boolean;
  /** Writes go to DRAM. */
  readonly write: boolean;
}

const PAM0 = 0x59;
const SMRAM = 0x72;

/** 82441FX host bridge with its PAM registers (Intel 440FX PCIset data sheet, 3.2). */
export class I440fx extends PciFunction {
  /** Told when the PAM registers have changed. */
  onPam: (segments: PamSegment[]) => void = () => {};
  #seen = '';

  constructor() {
    super({
      name: 'i440fx',
      vendor: 0x8086,
      device: 0x1237,
      revision: 2,
      classCode: 0x060000,
      command: { value: 0x0006, writable: 0x0100 },
      status: 0x0280,
      registers: [
        { offset: 0x0d, length: 1, value: 0, writable: 0xf8 },
        { offset: 0x50, length: 2, value: 0, writable: 0xffff },
        { offset: PAM0, length: 1, value: 0, writable: 0x30 },
        ...[1, 2, 3, 4, 5, 6].map((n) => ({ offset: PAM0 + n, length: 1 as const, value: 0, writable: 0x33 })),
        // DRAM row boundaries and the fixed DRAM hole are firmware's notes: stored, without effect here.
        { offset: 0x60, length: 4, value: 0x01010101, writable: 0xffffffff },
        { offset: 0x64, length: 4, value: 0x01010101, writable: 0xffffffff },
        { offset: 0x68, length: 1, value: 0, writable: 0xc0 },
        { offset: SMRAM, length: 1, value: 0x02, writable: 0x78 },
        { offset: 0x93, length: 1, value: 0, writable: 0x08 },
      ],
    });
  }

  get pam(): PamSegment[] {
    const segment = (base: number, length: number, nibble: number): PamSegment => ({
      base,
      length,
      read: (nibble & 1) !== 0,
      write: (nibble & 2) !== 0,
    });
    const segments: PamSegment[] = [];
    for (let n = 1; n <= 6; n++) {
      const value = this.config[PAM0 + n];
      const base = 0xc0000 + (n - 1) * 0x8000;
      segments.push(segment(base, 0x4000, value & 3), segment(base + 0x4000, 0x4000, value >> 4));
    }
    segments.push(segment(0xf0000, 0x10000, this.config[PAM0] >> 4));
    return segments;
  }

  protected override changed(): void {
    const now = this.config.subarray(PAM0, PAM0 + 7).join();
    if (now === this.#seen) return;
    this.#seen = now;
    this.onPam(this.pam);
  }
}
