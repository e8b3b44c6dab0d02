import { hex } from '../../util/hex.ts';
import { BootError } from './boot-error.ts';

/** Offsets in the setup header (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"). */
export const HEADER = {
  start: 0x1f1,
  setupSects: 0x1f1,
  syssize: 0x1f4,
  vidMode: 0x1fa,
  bootFlag: 0x1fe,
  jump: 0x200,
  magic: 0x202,
  version: 0x206,
  typeOfLoader: 0x210,
  loadflags: 0x211,
  code32Start: 0x214,
  ramdiskImage: 0x218,
  ramdiskSize: 0x21c,
  heapEndPtr: 0x224,
  cmdLinePtr: 0x228,
  initrdAddrMax: 0x22c,
  kernelAlignment: 0x230,
  relocatableKernel: 0x234,
  xloadflags: 0x236,
  cmdlineSize: 0x238,
  prefAddress: 0x258,
  initSize: 0x260,
} as const;

const SECTOR = 512;
const HDRS = 0x53726448;
const LOADED_HIGH = 0x01;
const XLF_KERNEL_64 = 0x01;
/** Where boot_params goes on after the setup header. */
const HEADER_LIMIT = 0x290;
/** Values of fields that an older protocol does not have. */
const OLD_INITRD_ADDR_MAX = 0x37ffffff;
const OLD_CMDLINE_SIZE = 255;

/** A bzImage taken apart. */
export interface LinuxImage {
  readonly bytes: Uint8Array;
  /** Major number in the high byte: 0x020f is protocol 2.15. */
  readonly version: number;
  /** Bytes of the boot sector and the real-mode setup code. */
  readonly setupSize: number;
  /** First offset behind the setup header. */
  readonly headerEnd: number;
  /** The protected-mode code. */
  readonly payload: Uint8Array;
  /** The highest address that a byte of the initrd may have. */
  readonly initrdAddrMax: number;
  /** Bytes of the command line without its NUL. */
  readonly cmdlineSize: number;
  readonly relocatable: boolean;
  readonly kernelAlignment: number;
  /** Where the kernel runs, and how much it needs there before it reads the memory map; 0: not said. */
  readonly prefAddress: number;
  readonly initSize: number;
  /** A 64-bit kernel, which has the 64-bit entry point too. */
  readonly is64Bit: boolean;
}

/** True for anything with a Linux setup header, sound or not. */
export const hasLinuxHeader = (bytes: Uint8Array): boolean =>
  bytes.length >= HEADER.magic + 4 && viewOf(bytes).getUint32(HEADER.magic, true) === HDRS;

/** @throws BootError that says what is wrong with the image */
export function parseLinuxImage(bytes: Uint8Array): LinuxImage {
  const view = viewOf(bytes);
  if (bytes.length < HEADER_LIMIT) throw truncated(`it ends inside its header, after ${bytes.length} bytes`);
  if (view.getUint16(HEADER.bootFlag, true) !== 0xaa55) {
    throw new BootError('the kernel has no boot signature 0xaa55 before its header: the file is damaged');
  }
  const version = view.getUint16(HEADER.version, true);
  if (version < 0x0202) {
    const spoken = `${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;
    throw new BootError(
      `the kernel speaks Linux boot protocol ${spoken}, the oldest supported is 2.02 (Linux 2.4): use a newer kernel`,
    );
  }
  if ((view.getUint8(HEADER.loadflags) & LOADED_HIGH) === 0) {
    throw new BootError('the kernel is a zImage, which loads below 640 KB: build a bzImage of it');
  }
  const since = <T>(first: number, value: T, old: T): T => (version >= first ? value : old);
  const setupSize = ((view.getUint8(HEADER.setupSects) || 4) + 1) * SECTOR;
  const relocatable = since(0x0205, view.getUint8(HEADER.relocatableKernel) !== 0, false);
  return {
    bytes,
    version,
    setupSize,
    headerEnd: Math.min(HEADER.magic + view.getUint8(HEADER.jump + 1), HEADER_LIMIT),
    payload: payloadOf(bytes, setupSize, since(0x0204, view.getUint32(HEADER.syssize, true) * 16, undefined)),
    initrdAddrMax: since(0x0203, view.getUint32(HEADER.initrdAddrMax, true), OLD_INITRD_ADDR_MAX),
    cmdlineSize: since(0x0206, view.getUint32(HEADER.cmdlineSize, true), OLD_CMDLINE_SIZE),
    relocatable,
    kernelAlignment: relocatable ? alignmentOf(view.getUint32(HEADER.kernelAlignment, true)) : 1,
    prefAddress: since(0x020a, Number(view.getBigUint64(HEADER.prefAddress, true)), 0),
    initSize: since(0x020a, view.getUint32(HEADER.initSize, true), 0),
    is64Bit: since(0x020c, (view.getUint16(HEADER.xloadflags, true) & XLF_KERNEL_64) !== 0, false),
  };
}

/** `size` is what the header says; a last paragraph that is not whole is accepted. */
function payloadOf(bytes: Uint8Array, setupSize: number, size = bytes.length - setupSize): Uint8Array {
  if (setupSize >= bytes.length) {
    throw truncated(`its setup code alone has ${setupSize} bytes, the file ${bytes.length}`);
  }
  if (size === 0) throw new BootError('the kernel says that it has no protected-mode code: the file is damaged');
  if (setupSize + size - 15 > bytes.length) {
    throw truncated(`it should have ${setupSize + size} bytes and has ${bytes.length}`);
  }
  return bytes.subarray(setupSize, setupSize + size);
}

function alignmentOf(alignment: number): number {
  if (alignment !== 0 && (alignment & (alignment - 1)) === 0) return alignment;
  throw new BootError(`the kernel asks for an alignment of ${hex(alignment)}, no power of two: the file is damaged`);
}

const truncated = (how: string): BootError =>
  new BootError(`the kernel is truncated: ${how}; copy or download it again`);

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
