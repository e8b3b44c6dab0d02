import type { E820Entry } from './e820.ts';
import { HEADER, type LinuxImage } from './linux-header.ts';
import { EXTENDED_BASE, type MemoryLayout } from './memory-layout.ts';

/** Offsets in struct boot_params outside the setup header (Documentation/arch/x86/zero-page.rst). */
const PARAMS = {
  screenInfo: 0x000,
  acpiRsdpAddr: 0x070,
  altMemK: 0x1e0,
  e820Entries: 0x1e8,
  e820Table: 0x2d0,
} as const;

/** Offsets in struct screen_info. */
const SCREEN = {
  extMemK: 0x02,
  videoMode: 0x06,
  cols: 0x07,
  egaBx: 0x0a,
  lines: 0x0e,
  isVga: 0x0f,
  points: 0x10,
} as const;

const PARAMS_SIZE = 4096;
const E820_ENTRY_SIZE = 20;
const LOADER_UNDEFINED = 0xff;
const VID_MODE_NORMAL = 0xffff;
const CAN_USE_HEAP = 0x80;

/** What the loader tells the kernel in its setup header. */
export interface HeaderValues {
  readonly code32Start: number;
  readonly ramdiskImage: number;
  readonly ramdiskSize: number;
  readonly cmdLinePtr: number;
  /** End of the setup code's heap, from the start of its segment; real-mode entry only. */
  readonly heapEnd?: number;
}

/** Fills in the fields of a setup header that are the loader's, in boot_params or in the setup code. */
export function writeHeader(view: DataView, values: HeaderValues): void {
  view.setUint16(HEADER.vidMode, VID_MODE_NORMAL, true);
  view.setUint8(HEADER.typeOfLoader, LOADER_UNDEFINED);
  view.setUint32(HEADER.code32Start, values.code32Start, true);
  view.setUint32(HEADER.ramdiskImage, values.ramdiskImage, true);
  view.setUint32(HEADER.ramdiskSize, values.ramdiskSize, true);
  view.setUint32(HEADER.cmdLinePtr, values.cmdLinePtr, true);
  if (values.heapEnd === undefined) return;
  view.setUint8(HEADER.loadflags, view.getUint8(HEADER.loadflags) | CAN_USE_HEAP);
  view.setUint16(HEADER.heapEndPtr, values.heapEnd - 0x200, true); // counted from the end of the boot sector
}

/** What boot_params says beyond the header. */
export interface MachineFacts {
  readonly layout: MemoryLayout;
  readonly e820: readonly E820Entry[];
  /** Guest address of the ACPI root pointer; 0 when the kernel has to search for it. */
  readonly rsdp: number;
  /** True when a VGA card shows an 80x25 text screen. */
  readonly textScreen: boolean;
}

/** The zero page for the 32-bit and 64-bit entry points: 4096 bytes. */
export function bootParams(image: LinuxImage, values: HeaderValues, facts: MachineFacts): Uint8Array {
  const bytes = new Uint8Array(PARAMS_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(image.bytes.subarray(HEADER.start, image.headerEnd), HEADER.start);
  writeHeader(view, values);
  const extendedK = (facts.layout.lowTop - EXTENDED_BASE) / 1024;
  view.setUint16(PARAMS.screenInfo + SCREEN.extMemK, Math.min(extendedK, 0xffff), true);
  view.setUint32(PARAMS.altMemK, extendedK, true);
  view.setBigUint64(PARAMS.acpiRsdpAddr, BigInt(facts.rsdp), true);
  if (facts.textScreen) writeTextScreen(view);
  view.setUint8(PARAMS.e820Entries, facts.e820.length);
  facts.e820.forEach(({ base, length, type }, index) => {
    const at = PARAMS.e820Table + index * E820_ENTRY_SIZE;
    view.setBigUint64(at, BigInt(base), true);
    view.setBigUint64(at + 8, BigInt(length), true);
    view.setUint32(at + 16, type, true);
  });
  return bytes;
}

/** VGA mode 3: 80x25 colour text in 9x16 cells. */
function writeTextScreen(view: DataView): void {
  view.setUint8(SCREEN.videoMode, 3);
  view.setUint8(SCREEN.cols, 80);
  view.setUint8(SCREEN.lines, 25);
  view.setUint8(SCREEN.isVga, 1);
  view.setUint16(SCREEN.egaBx, 3, true);
  view.setUint16(SCREEN.points, 16, true);
}
