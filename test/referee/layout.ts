import { MODE } from '../../src/cpu/mode.ts';
import { AR, CS } from '../../src/cpu/state.ts';

/**
 * The guest in which single instructions run, alike under KVM and in software. Physical memory is mapped at BASE;
 * what a program may touch is mapped for ring 3. Cases of a batch have a slot each.
 */
export const RAM_BYTES = 0x400000;
export const PAGE = 4096;
export const BASE = 0x3a000000;

export const TABLES = 0x1000;
export const GDT = 0x18000;
export const IDT = 0x19000;
export const TSS = 0x1a000;
export const KERNEL_STACK = 0x1c000;
/** One HLT of ring 0 for each vector, 16 bytes apart. */
export const HANDLERS = 0x20000;
export const VECTORS = 0x81;

export const SLOTS = 128;
/** Programs that load a slot's state and store it again (stubs.ts), two pages that ring 3 cannot write. */
export const STUBS = 0x100000;
export const STUB_BYTES = 512;
export const CODE = 0x110000;
/** Not a divisor of a page: some instructions lie on two. */
const CODE_STEP = 80;
/** Room in front of an instruction. */
const LEAD = 16;
/** Bytes behind the instruction's start in a slot where only HLT is. */
export const LANDINGS = { from: 32, to: CODE_STEP - LEAD } as const;
/** Behind it nothing is mapped. */
export const CODE_END = 0x114000;

/** States before and after, by slot (image.ts). */
export const INPUT = 0x200000;
export const OUTPUT = 0x240000;
/** Number of the slot that runs. */
export const CURRENT = 0x280000;
/** Two pages of data, one that cannot be written, one that is not there. */
export const DATA = 0x300000;
export const READ_ONLY = DATA + 2 * PAGE;
export const UNMAPPED = DATA + 3 * PAGE;

/** What is compared of the data: around the border of its pages, and in front of the page that cannot be written. */
export const WINDOWS = [
  { at: PAGE - 576, bytes: 1152 },
  { at: 2 * PAGE - 64, bytes: 64 },
] as const;
export const WINDOW_BYTES = 1216;

/** Where the instruction of a slot is. */
export const codeAt = (slot: number): number => CODE + CODE_STEP * slot + LEAD;

export const CODE_32 = 0x23;
export const USER_DATA = 0x2b;
export const CODE_64 = 0x33;
export const KERNEL_CODE = 8;
export const KERNEL_DATA = 0x10;
export const TSS_SELECTOR = 0x40;

/** A kind of ring-3 code that runs on the processor itself. */
export interface World {
  readonly name: string;
  readonly code: 16 | 32 | 64;
  readonly mode: number;
  /** Where the data is mapped a second time: across 4 GiB, or where 16-bit addresses reach. */
  readonly alias: bigint;
  readonly fsBase: bigint;
  readonly gsBase: bigint;
  /** ES CS SS DS FS GS. */
  readonly segments: readonly Segment[];
}

export interface Segment {
  readonly selector: number;
  readonly base: bigint;
  readonly limit: number;
  readonly attributes: number;
}

const FLAT = 0x3f << MODE.FLAT_SHIFT;

const SMALL = AR.P | AR.S | (3 << AR.DPL_SHIFT) | AR.WRITABLE | AR.ACCESSED;
const USER = SMALL | AR.G;

function flat(code: 32 | 64): Segment[] {
  const data = { selector: USER_DATA, base: 0n, limit: 0xffffffff, attributes: USER | AR.DB };
  const text =
    code === 64
      ? { ...data, selector: CODE_64, attributes: USER | AR.CODE | AR.L }
      : { ...data, selector: CODE_32, attributes: USER | AR.CODE | AR.DB };
  return [data, text, data, data, data, data];
}

/** Local selectors in the order of the registers; data at 7000h of each segment, limits before, at and behind its end. */
function small(): Segment[] {
  const base = BigInt(BASE + DATA - 0x7000);
  const limits = [0x8fff, CODE_END - CODE - 1, 0xffff, 0xffff, 0x7f00, 0xffffffff];
  const kinds = [0, AR.CODE, 0, 0, AR.EXPAND_DOWN, AR.G];
  return limits.map((limit, seg) => ({
    selector: 8 * seg + 7,
    base: seg === CS ? BigInt(BASE + CODE) : base,
    limit,
    attributes: SMALL | kinds[seg]!,
  }));
}

export const WORLDS: readonly World[] = [
  {
    name: '64-bit',
    code: 64,
    mode: MODE.CODE_64 | MODE.LMA | MODE.USER | (0xf << MODE.FLAT_SHIFT),
    alias: 0x5ab4_0000_0000n - 4096n,
    fsBase: 0x1234_5000n,
    gsBase: 0x7fff_8765_4320n,
    segments: flat(64),
  },
  {
    name: 'compatibility',
    code: 32,
    mode: MODE.CODE_32 | MODE.STACK_32 | MODE.LMA | MODE.USER | FLAT,
    alias: 0x7000n,
    fsBase: 0n,
    gsBase: 0n,
    segments: flat(32),
  },
  {
    name: '16-bit',
    code: 16,
    mode: MODE.CODE_16 | MODE.LMA | MODE.USER,
    alias: BigInt(BASE + DATA),
    fsBase: BigInt(BASE + DATA - 0x7000),
    gsBase: BigInt(BASE + DATA - 0x7000),
    segments: small(),
  },
];
