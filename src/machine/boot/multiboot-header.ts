import { hex } from '../../util/hex.ts';
import { BootError } from './boot-error.ts';

const HEADER_MAGIC = 0x1badb002;
/** The header lies in the first 8192 bytes, at a multiple of four. */
const SEARCH_LIMIT = 8192;
const HEADER_SIZE = 12;

/** Flags 0-15 are demands: one that is not understood means that the kernel cannot be loaded. */
const PAGE_ALIGNED_MODULES = 1 << 0;
const MEMORY_INFORMATION = 1 << 1;
const VIDEO_MODE = 1 << 2;
const LOAD_ADDRESSES = 1 << 16;
const DEMANDS = 0xffff;

/** Physical addresses of the "a.out kludge"; 0 in the two ends means "the file's end" and "no bss". */
export interface LoadAddresses {
  readonly headerAddr: number;
  readonly loadAddr: number;
  readonly loadEndAddr: number;
  readonly bssEndAddr: number;
  readonly entryAddr: number;
}

export interface MultibootHeader {
  /** Where it lies in the file. */
  readonly offset: number;
  readonly addresses: LoadAddresses | undefined;
}

/**
 * Searches a file for a Multiboot 1 header (Multiboot Specification 0.6.96, section 3.1).
 * @returns undefined when there is none
 * @throws BootError when it asks for something that a PC without BIOS calls cannot give
 */
export function findMultibootHeader(bytes: Uint8Array): MultibootHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(bytes.length, SEARCH_LIMIT) - HEADER_SIZE;
  for (let offset = 0; offset <= end; offset += 4) {
    if (view.getUint32(offset, true) !== HEADER_MAGIC) continue;
    const flags = view.getUint32(offset + 4, true);
    const checksum = view.getUint32(offset + 8, true);
    if ((HEADER_MAGIC + flags + checksum) % 2 ** 32 === 0) return parseHeader(view, offset, flags);
  }
  return undefined;
}

function parseHeader(view: DataView, offset: number, flags: number): MultibootHeader {
  if (flags & VIDEO_MODE) {
    throw new BootError(
      'the Multiboot kernel asks for a video mode (flag 2), which this loader cannot set: build it without that flag',
    );
  }
  const unknown = flags & DEMANDS & ~(PAGE_ALIGNED_MODULES | MEMORY_INFORMATION);
  if (unknown !== 0) {
    throw new BootError(
      `the Multiboot kernel asks for features ${hex(unknown)} that Multiboot 1 does not define: it cannot be loaded`,
    );
  }
  if ((flags & LOAD_ADDRESSES) === 0) return { offset, addresses: undefined };
  if (offset + 32 > view.byteLength)
    throw new BootError('the Multiboot kernel is truncated: it ends inside its header');
  const field = (index: number): number => view.getUint32(offset + 12 + index * 4, true);
  return {
    offset,
    addresses: {
      headerAddr: field(0),
      loadAddr: field(1),
      loadEndAddr: field(2),
      bssEndAddr: field(3),
      entryAddr: field(4),
    },
  };
}
