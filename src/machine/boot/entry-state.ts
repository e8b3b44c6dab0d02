/** A segment register with its hidden part; `attributes` as VMX access rights (SDM 3C 25.4.1). */
interface SegmentState {
  readonly selector: number;
  readonly base: number;
  readonly limit: number;
  readonly attributes: number;
}

/** A descriptor table register. */
interface TableState {
  readonly base: number;
  readonly limit: number;
}

export const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;
type SegmentName = (typeof SEGMENT_NAMES)[number];

export const REGISTER_NAMES = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'] as const;
export type RegisterName = (typeof REGISTER_NAMES)[number];

/** The CPU at a guest's first instruction; what is not named here is as after a reset (SDM 3A 10.1.1). */
export interface EntryState {
  readonly mode: 'real' | 'protected' | 'long';
  readonly rip: number;
  readonly rflags: number;
  /** R8-R15 are zero. */
  readonly registers: Readonly<Record<RegisterName, number>>;
  readonly segments: Readonly<Record<SegmentName, SegmentState>>;
  readonly gdtr: TableState;
  readonly idtr: TableState;
  readonly cr0: number;
  readonly cr3: number;
  readonly cr4: number;
  readonly efer: number;
}

const CODE32 = 0xc09b; // G, D, present, execute/read, accessed
const CODE64 = 0xa09b; // G, L, present, execute/read, accessed
const DATA32 = 0xc093; // G, B, present, read/write, accessed
const CODE16 = 0x9b;
const DATA16 = 0x93;
const TSS32_BUSY = 0x8b;
const LDT = 0x82;

const CR0_PE = 0x1;
const CR0_ET = 0x10;
const CR0_PG = 0x80000000;
const CR4_PAE = 0x20;
const EFER_LME = 0x100;
const EFER_LMA = 0x400;
const RFLAGS_FIXED = 0x2;

/** Selectors of the Linux boot protocol (__BOOT_CS, __BOOT_DS) and of a task. */
const CODE_SELECTOR = 0x10;
const DATA_SELECTOR = 0x18;
const TASK_SELECTOR = 0x20;
const GDT_ENTRIES = 5;
const TSS_LIMIT = 0x67;

type Registers = Partial<Record<RegisterName, number>>;

const registers = (given: Registers): Record<RegisterName, number> => ({
  ...{ rax: 0, rcx: 0, rdx: 0, rbx: 0, rsp: 0, rbp: 0, rsi: 0, rdi: 0 },
  ...given,
});

function segments(code: SegmentState, data: SegmentState, tr: SegmentState): Record<SegmentName, SegmentState> {
  const ldtr = { selector: 0, base: 0, limit: 0xffff, attributes: LDT };
  return { es: data, cs: code, ss: data, ds: data, fs: data, gs: data, ldtr, tr };
}

const flat = (selector: number, attributes: number): SegmentState => ({
  selector,
  base: 0,
  limit: 0xffffffff,
  attributes,
});

function flatState(codeAttributes: number, gdtBase: number) {
  const tr = { selector: TASK_SELECTOR, base: 0, limit: TSS_LIMIT, attributes: TSS32_BUSY };
  return {
    rflags: RFLAGS_FIXED,
    segments: segments(flat(CODE_SELECTOR, codeAttributes), flat(DATA_SELECTOR, DATA32), tr),
    gdtr: { base: gdtBase, limit: GDT_ENTRIES * 8 - 1 },
    idtr: { base: 0, limit: 0 },
  };
}

/** 32-bit code with flat 4 GiB segments, no paging, interrupts off. {@link bootGdt} lies at `gdtBase`. */
export const protectedEntry = (eip: number, gdtBase: number, given: Registers): EntryState => ({
  mode: 'protected',
  rip: eip,
  registers: registers(given),
  ...flatState(CODE32, gdtBase),
  cr0: CR0_PE | CR0_ET,
  cr3: 0,
  cr4: 0,
  efer: 0,
});

/** 64-bit code, 4-level paging with the PML4 at `cr3`, interrupts off. {@link bootGdt} lies at `gdtBase`. */
export const longEntry = (rip: number, gdtBase: number, cr3: number, given: Registers): EntryState => ({
  mode: 'long',
  rip,
  registers: registers(given),
  ...flatState(CODE64, gdtBase),
  cr0: CR0_PG + CR0_PE + CR0_ET,
  cr3,
  cr4: CR4_PAE,
  efer: EFER_LME | EFER_LMA,
});

/** Real mode at `codeSegment`:0 with all data segments and the stack in `dataSegment`, interrupts off. */
export function realEntry(codeSegment: number, dataSegment: number, sp: number): EntryState {
  const real = (selector: number, attributes: number) => ({ selector, base: selector * 16, limit: 0xffff, attributes });
  return {
    mode: 'real',
    rip: 0,
    rflags: RFLAGS_FIXED,
    registers: registers({ rsp: sp }),
    segments: segments(real(codeSegment, CODE16), real(dataSegment, DATA16), real(0, TSS32_BUSY)),
    gdtr: { base: 0, limit: 0xffff },
    idtr: { base: 0, limit: 0x3ff },
    cr0: CR0_ET,
    cr3: 0,
    cr4: 0,
    efer: 0,
  };
}

/** The descriptors that the segments of {@link protectedEntry} or {@link longEntry} were loaded from. */
export function bootGdt(mode: 'protected' | 'long'): Uint8Array {
  const descriptors = [0n, 0n, descriptor(mode === 'long' ? CODE64 : CODE32, 0xfffff), descriptor(DATA32, 0xfffff)];
  return new Uint8Array(BigUint64Array.from([...descriptors, descriptor(TSS32_BUSY, TSS_LIMIT)]).buffer);
}

/** A descriptor with base 0 (SDM 3A 3.4.5). */
function descriptor(attributes: number, limit: number): bigint {
  return (BigInt(limit >> 16) << 48n) | (BigInt(attributes) << 40n) | BigInt(limit & 0xffff);
}
