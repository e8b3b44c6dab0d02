import { hex } from '../../util/hex.ts';
import { BootError } from './boot-error.ts';
import type { BootMemory } from './boot-memory.ts';

const ET_EXEC = 2;
const ET_DYN = 3;
const EM_386 = 3;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;

const SEGMENTS_LIMIT = 256;

const MACHINES: Readonly<Record<number, string>> = {
  2: 'SPARC',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC64',
  22: 'S/390',
  40: '32-bit Arm',
  50: 'IA-64',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
};

/** One program header; numbers above 2^53 are rounded and fail the checks against file and RAM. */
interface ElfSegment {
  readonly type: number;
  readonly offset: number;
  readonly paddr: number;
  readonly vaddr: number;
  readonly filesz: number;
  readonly memsz: number;
}

/** An x86 executable's headers (System V ABI, "Object Files"). */
export interface ElfImage {
  readonly bytes: Uint8Array;
  readonly bits: 32 | 64;
  /** Virtual address of the entry point. */
  readonly entry: number;
  /** What is to be loaded, in the file's order, without empty segments. */
  readonly loads: readonly ElfSegment[];
  readonly notes: readonly ElfSegment[];
}

export const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

/** @throws BootError that says what is wrong with the file */
export function parseElf(bytes: Uint8Array): ElfImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 52) throw damaged('it ends inside its header');
  const bits = bytes[4] === 1 ? 32 : bytes[4] === 2 ? 64 : undefined;
  if (bits === undefined) throw damaged(`its class ${bytes[4]} is neither 32-bit nor 64-bit`);
  if (bytes[5] !== 1) throw new BootError('the ELF kernel is big-endian: a PC runs i386 and x86-64 kernels');
  if (bits === 64 && bytes.length < 64) throw damaged('it ends inside its header');
  const machine = view.getUint16(18, true);
  if (machine !== EM_386 && machine !== EM_X86_64) {
    const name = MACHINES[machine] ?? `machine ${machine}`;
    throw new BootError(`the ELF kernel is for ${name}: a PC runs i386 and x86-64 kernels`);
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw new BootError(`the ELF file is no executable (type ${type}, an object or core file): give the linked kernel`);
  }
  const segments = parseSegments(view, bits);
  const loads = segments.filter((segment) => segment.type === PT_LOAD && segment.memsz > 0);
  if (loads.length === 0) throw damaged('no program header says what to load');
  const entry = bits === 32 ? view.getUint32(24, true) : wide(view, 24);
  return { bytes, bits, entry, loads, notes: segments.filter((segment) => segment.type === PT_NOTE) };
}

function parseSegments(view: DataView, bits: 32 | 64): ElfSegment[] {
  const table = bits === 32 ? view.getUint32(28, true) : wide(view, 32);
  const size = view.getUint16(bits === 32 ? 42 : 54, true);
  const count = view.getUint16(bits === 32 ? 44 : 56, true);
  const least = bits === 32 ? 32 : 56;
  if (count === 0) throw damaged('it has no program headers');
  if (count > SEGMENTS_LIMIT) throw damaged(`it has ${count} program headers, at most ${SEGMENTS_LIMIT} are taken`);
  if (size < least) throw damaged(`its program headers have ${size} bytes, at least ${least} are needed`);
  if (table + size * count > view.byteLength) throw damaged('its program headers lie beyond the end of the file');
  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++) {
    const segment = bits === 32 ? segment32(view, table + index * size) : segment64(view, table + index * size);
    checkSegment(segment, index, view.byteLength);
    segments.push(segment);
  }
  return segments;
}

const segment32 = (view: DataView, at: number): ElfSegment => ({
  type: view.getUint32(at, true),
  offset: view.getUint32(at + 4, true),
  vaddr: view.getUint32(at + 8, true),
  paddr: view.getUint32(at + 12, true),
  filesz: view.getUint32(at + 16, true),
  memsz: view.getUint32(at + 20, true),
});

const segment64 = (view: DataView, at: number): ElfSegment => ({
  type: view.getUint32(at, true),
  offset: wide(view, at + 8),
  vaddr: wide(view, at + 16),
  paddr: wide(view, at + 24),
  filesz: wide(view, at + 32),
  memsz: wide(view, at + 40),
});

function checkSegment({ type, offset, filesz, memsz }: ElfSegment, index: number, fileSize: number): void {
  if (type !== PT_LOAD && type !== PT_NOTE) return;
  if (offset + filesz > fileSize) throw damaged(`segment ${index} lies beyond the end of the file: it is truncated`);
  if (type === PT_LOAD && filesz > memsz) throw damaged(`segment ${index} has more bytes in the file than in memory`);
}

/** Puts every segment at its physical address. @throws BootError when one is outside RAM or on top of another */
export function loadSegments({ bytes, loads }: ElfImage, memory: BootMemory): void {
  loads.forEach(({ offset, filesz, memsz, paddr }, index) => {
    memory.put(`segment ${index} of the kernel`, paddr, bytes.subarray(offset, offset + filesz), memsz);
  });
}

/** The descriptor of the first note with this owner and type, over all note segments. */
export function findNote({ bytes, notes }: ElfImage, owner: string, type: number): Uint8Array | undefined {
  for (const { offset, filesz } of notes) {
    const found = findNoteIn(bytes.subarray(offset, offset + filesz), owner, type);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findNoteIn(bytes: Uint8Array, owner: string, type: number): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = view.getUint32(at, true);
    const descSize = view.getUint32(at + 4, true);
    const desc = at + 12 + align4(nameSize);
    const end = desc + align4(descSize);
    if (desc + descSize > bytes.length) return undefined;
    if (view.getUint32(at + 8, true) === type && sameName(bytes, at + 12, nameSize, owner)) {
      return bytes.subarray(desc, desc + descSize);
    }
    at = end;
  }
  return undefined;
}

function sameName(bytes: Uint8Array, at: number, size: number, owner: string): boolean {
  if (size !== owner.length + 1 || bytes[at + owner.length] !== 0) return false;
  return [...owner].every((char, index) => bytes[at + index] === char.charCodeAt(0));
}

/** The physical address of a virtual one, or undefined outside the loaded segments. */
export function physicalAddress({ loads }: ElfImage, vaddr: number): number | undefined {
  const segment = loads.find((load) => vaddr >= load.vaddr && vaddr < load.vaddr + load.memsz);
  return segment === undefined ? undefined : segment.paddr + (vaddr - segment.vaddr);
}

/** @throws BootError when no segment holds the physical address */
export function checkEntryPoint({ loads }: ElfImage, entry: number): void {
  if (loads.some(({ paddr, memsz }) => entry >= paddr && entry < paddr + memsz)) return;
  throw damaged(`its entry point ${hex(entry)} lies in none of its segments`);
}

const align4 = (size: number): number => Math.ceil(size / 4) * 4;

const wide = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

const damaged = (how: string): BootError => new BootError(`the ELF kernel is damaged: ${how}; build or copy it again`);
