import { MODE } from '../../src/cpu/mode.ts';
import { AR, DS } from '../../src/cpu/state.ts';

/** Physical memory of the guest that runs random programs. One page table maps it at its own addresses. */
export const RAM_BYTES = 0xa0000;
export const PAGE = 4096;
export const TABLES = 0x1000;
export const GDT = 0x8000;
export const IDT = 0x9000;
export const TSS = 0xa000;
export const HANDLERS = 0xb000;
export const KERNEL_STACK = 0x10000;
export const LOG_POINTER = 0xf000;
/** The last level of page tables, where ring 0 may write it. */
export const TABLE_WINDOW = 0x9f000;
/** Faults, 32 bytes each: vector, error code, RIP, CR2, RFLAGS. */
export const LOG = 0x20000;
export const LOG_BYTES = 0x8000;
export const CODE = 0x40000;
export const CODE_BYTES = 0x10000;
/** Two code pages whose frames are exchanged now and then. */
export const OVERLAY = [0x4e000, 0x4f000] as const;
/** The frames of CODE once more. */
export const ALIAS = 0x60000;
/** Recovery address, loop counters and jump tables; then pages of data. */
export const RECOVERY = 0x80000;
const SLOTS = RECOVERY;
export const COUNTERS = SLOTS + 0x10;
export const JUMP_TABLES = SLOTS + 0x800;
export const DATA = 0x81000;
export const READ_ONLY = 0x8b000;
export const UNMAPPED = 0x8c000;

export const STACK = 0x90000;
export const STACK_END = 0x94000;

/** Ring-0 programs must not change tables: a translation that is cached is used for longer than the tables say. */
export const isWritable = (at: number): boolean =>
  at === TABLE_WINDOW || at === LOG_POINTER || (at >= LOG && at !== READ_ONLY);
export const isUser = (at: number): boolean => at >= CODE && at < STACK_END && !isUnmapped(at);
export const isUnmapped = (at: number): boolean =>
  (at >= UNMAPPED && at < UNMAPPED + 2 * PAGE) || (at >= STACK_END && at !== TABLE_WINDOW);
export const frameOf = (at: number): number => (at >= ALIAS && at < ALIAS + CODE_BYTES ? at - ALIAS + CODE : at);

export interface Segment {
  readonly base: number;
  readonly limit: number;
  /** Attributes as the state has them. */
  readonly attributes: number;
}

/** A mode in which programs run. */
export interface World {
  readonly name: string;
  readonly code: 16 | 32 | 64;
  readonly user: boolean;
  /** Real-address mode. */
  readonly real?: true;
  /** Added to every address of the program, as a sign-extended 32-bit number. */
  readonly offset: number;
  /** ES CS SS DS FS GS. */
  readonly segments: readonly Segment[];
}

const FLAT = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED | AR.DB | AR.G;
const SMALL = AR.P | AR.S | AR.WRITABLE | AR.ACCESSED;

function flat(code: 32 | 64, user: boolean): Segment[] {
  const dpl = user ? 3 << AR.DPL_SHIFT : 0;
  const data = { base: 0, limit: -1, attributes: FLAT | dpl };
  const text = { base: 0, limit: -1, attributes: (code === 64 ? (FLAT & ~AR.DB) | AR.L : FLAT) | AR.CODE | dpl };
  return [data, text, data, data, { ...data, base: 0x40 }, { ...data, base: 0x1000 }];
}

function based(code: 16 | 32): Segment[] {
  const size = code === 32 ? AR.DB : 0;
  const attributes = SMALL | size | (3 << AR.DPL_SHIFT);
  return [
    { base: DATA, limit: 0xe7ff, attributes },
    { base: CODE, limit: CODE_BYTES - 1, attributes: attributes | AR.CODE },
    { base: STACK, limit: 0x3fff, attributes },
    { base: SLOTS, limit: 0xf7ff, attributes },
    { base: ALIAS, limit: CODE_BYTES - 1, attributes },
    { base: CODE, limit: CODE_BYTES - 1, attributes },
  ];
}

/** Segments of 64 KiB that begin where those of protected mode do. */
const paragraphs = (): Segment[] => based(16).map(({ base }) => ({ base, limit: 0xffff, attributes: SMALL }));

const HIGH = 0x80000000 | 0;

export const WORLDS: readonly World[] = [
  { name: '64-bit user', code: 64, user: true, offset: 0, segments: flat(64, true) },
  { name: '64-bit kernel', code: 64, user: false, offset: 0, segments: flat(64, false) },
  { name: '64-bit upper half', code: 64, user: true, offset: HIGH, segments: flat(64, true) },
  { name: '32-bit flat', code: 32, user: true, offset: 0, segments: flat(32, true) },
  { name: '32-bit segments', code: 32, user: true, offset: 0, segments: based(32) },
  { name: '16-bit', code: 16, user: true, offset: 0, segments: based(16) },
  { name: 'real mode', code: 16, user: false, real: true, offset: 0, segments: paragraphs() },
];

/** GDT selectors: 8 and 10h are the kernel's, then the program's in the order of register numbers. */
export const selectorOf = (world: World, seg: number): number =>
  world.real ? world.segments[seg]!.base >> 4 : 0x18 + 8 * seg + (world.user ? 3 : 0);
export const TSS_SELECTOR = 0x48;

/** Offset in its segment of a linear address. */
export const offsetIn = (world: World, seg: number, linear: number): number =>
  world.code === 64 ? (linear + world.offset) | 0 : linear - world.segments[seg]!.base;

/** The translation mode of the program's code. */
export const modeOf = ({ code, user, real, segments }: World): number => {
  const size = code === 64 ? MODE.CODE_64 | MODE.LMA : code === 32 ? MODE.CODE_32 | MODE.STACK_32 : MODE.CODE_16;
  const flat = segments[DS]!.limit === -1 ? 0x3f << MODE.FLAT_SHIFT : 0;
  return size | flat | (user ? MODE.USER : 0) | (real ? MODE.REAL : 0);
};
