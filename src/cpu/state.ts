import { Arena } from '../memory/arena.ts';

/**
 * CPU state: one buffer and one table of fields. Snapshots, gdb packets, KVM's structures,
 * emitted code and state diffs take names, offsets and widths from this table.
 * Offsets are in 32-bit words; a 64-bit field is two words, low half first.
 */
interface Field {
  /** Index of the first 32-bit word. */
  readonly word: number;
  /** Bytes of one element. */
  readonly bytes: 4 | 8 | 16;
  readonly count: number;
  /** Words from one element to the next. */
  readonly stride: number;
}

const LAYOUT = {
  /** RAX RCX RDX RBX RSP RBP RSI RDI R8-R15: encoding order. */
  gpr: [8, 16],
  rip: [8, 1],
  /** RFLAGS without OF SF ZF AF PF CF, which live in the lazy-flag fields (flags.ts). */
  rflags: [4, 1],
  flagKind: [4, 1],
  flagRes: [8, 1],
  flagA: [8, 1],
  flagB: [8, 1],
  /** Instructions that may still run before the engine looks around. */
  budget: [4, 1],
  /** Where the budget ends: 0, or the largest int32 to end the running block soon. */
  budgetEnd: [4, 1],
  /** Names a state of address translation: changes with it, and is back when a process-context identifier is. */
  generation: [4, 1],
  /** As `generation`, but a write to CR3 leaves it alone while supervisor-mode code lies in global pages. */
  supervisorGeneration: [4, 1],
  /** High half of a 64-bit result of a run-time helper. */
  hi: [4, 1],
  /** Translation mode key (mode.ts), kept equal to what the segments and control registers say. */
  mode: [4, 1],
  cpl: [4, 1],
  /** Bit 0: after STI, bit 1: after MOV SS/POP SS (SDM 3A 6.8.3). */
  interruptShadow: [4, 1],
  /** DR6 bits of a #DB trap that is due behind this instruction; bit 31: it is not to be single-stepped. */
  debugTrap: [4, 1],
  nmiPending: [4, 1],
  nmiMasked: [4, 1],
  /** 1 while the CPU waits in HLT. */
  halted: [4, 1],
  /** ES CS SS DS FS GS LDTR TR: hidden parts as VMX access rights (SDM 3C 25.4.1). */
  selector: [4, 8],
  attributes: [4, 8],
  limit: [4, 8],
  base: [8, 8],
  gdtrBase: [8, 1],
  idtrBase: [8, 1],
  gdtrLimit: [4, 1],
  idtrLimit: [4, 1],
  cr0: [8, 1],
  cr2: [8, 1],
  cr3: [8, 1],
  cr4: [8, 1],
  cr8: [8, 1],
  efer: [8, 1],
  xcr0: [8, 1],
  /** PDPTE registers of PAE paging (SDM 3A 4.4.1). */
  pdpte: [8, 4],
  dr: [8, 8],
  apicBase: [8, 1],
  tscOffset: [8, 1],
  tscAux: [8, 1],
  sysenterCs: [8, 1],
  sysenterEsp: [8, 1],
  sysenterEip: [8, 1],
  star: [8, 1],
  lstar: [8, 1],
  cstar: [8, 1],
  sfmask: [8, 1],
  kernelGsBase: [8, 1],
  pat: [8, 1],
  miscEnable: [8, 1],
  mtrrDefType: [8, 1],
  /** IA32_MTRR_FIX64K_00000, FIX16K_80000, FIX16K_A0000, FIX4K_C0000 ... FIX4K_F8000. */
  mtrrFixed: [8, 11],
  /** PHYSBASE and PHYSMASK of eight ranges, alternately. */
  mtrrVariable: [8, 16],
  fcw: [4, 1],
  fsw: [4, 1],
  /** Abridged tag word as FXSAVE stores it: bit i set when physical register i is not empty. */
  ftw: [4, 1],
  fop: [4, 1],
  fcs: [4, 1],
  fds: [4, 1],
  fip: [8, 1],
  fdp: [8, 1],
  mxcsr: [4, 1],
  /** Physical x87 registers (MM0-MM7): significand in words 0-1, sign and exponent in word 2. */
  st: [16, 8],
  xmm: [16, 16],
  /** Where memory operands of vector instructions are put before they are used. */
  scratch: [16, 8],
} as const satisfies Record<string, readonly [bytes: 4 | 8 | 16, count: number]>;

export type FieldName = keyof typeof LAYOUT;

const fields = {} as Record<FieldName, Field>;
let words = 0;
for (const [name, [bytes, count]] of Object.entries(LAYOUT) as [FieldName, readonly [4 | 8 | 16, number]][]) {
  const align = bytes / 4;
  words = Math.ceil(words / align) * align;
  fields[name] = { word: words, bytes, count, stride: align };
  words += align * count;
}

/** The table of fields. */
export const FIELDS: Readonly<Record<FieldName, Field>> = fields;

/** Word index of each field's first element. */
export const W = Object.fromEntries(Object.entries(fields).map(([name, f]) => [name, f.word])) as Readonly<
  Record<FieldName, number>
>;

/** Fields of the engine that say how a state came about and not what it is; the lazy flags are RFLAGS with `rflags`. */
export const BOOKKEEPING: readonly FieldName[] = [
  'rflags',
  'flagKind',
  'flagRes',
  'flagA',
  'flagB',
  'budget',
  'budgetEnd',
  'generation',
  'supervisorGeneration',
  'hi',
  'mode',
  'scratch',
];

const STATE_WORDS = words;

/** Register numbers as instructions encode them. */
export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;

/** Segment register numbers; LDTR and TR share the table. */
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const LDTR = 6;
export const TR = 7;

/** Access-rights bits of a segment's hidden part (SDM 3C 25.4.1). */
export const AR = {
  TYPE: 0xf,
  ACCESSED: 1,
  WRITABLE: 2,
  READABLE: 2,
  EXPAND_DOWN: 4,
  CONFORMING: 4,
  CODE: 8,
  S: 0x10,
  DPL_SHIFT: 5,
  P: 0x80,
  L: 0x2000,
  DB: 0x4000,
  G: 0x8000,
  UNUSABLE: 0x10000,
} as const;

/** RFLAGS bits (SDM 1 3.4.3). */
export const FLAG = {
  CF: 1,
  PF: 4,
  AF: 0x10,
  ZF: 0x40,
  SF: 0x80,
  TF: 0x100,
  IF: 0x200,
  DF: 0x400,
  OF: 0x800,
  IOPL: 0x3000,
  NT: 0x4000,
  RF: 0x10000,
  VM: 0x20000,
  AC: 0x40000,
  VIF: 0x80000,
  VIP: 0x100000,
  ID: 0x200000,
  /** OF SF ZF AF PF CF. */
  ARITH: 0x8d5,
  /** OF, AF and CF. */
  CARRIES: 0x811,
} as const;

export const CR0 = {
  PE: 1,
  MP: 2,
  EM: 4,
  TS: 8,
  ET: 0x10,
  NE: 0x20,
  WP: 0x10000,
  AM: 0x40000,
  NW: 0x20000000,
  CD: 0x40000000,
  PG: 0x80000000 | 0,
} as const;
/** Bits while CR4.PCIDE is set (SDM 3A 4.10.1): the process-context identifier. */
export const CR3 = { PCID: 0xfff } as const;
export const CR4 = {
  VME: 1,
  PVI: 2,
  TSD: 4,
  DE: 8,
  PSE: 0x10,
  PAE: 0x20,
  MCE: 0x40,
  PGE: 0x80,
  PCE: 0x100,
  OSFXSR: 0x200,
  OSXMMEXCPT: 0x400,
  UMIP: 0x800,
  FSGSBASE: 0x10000,
  PCIDE: 0x20000,
  OSXSAVE: 0x40000,
  SMEP: 0x100000,
  SMAP: 0x200000,
} as const;
export const EFER = { SCE: 1, LME: 0x100, LMA: 0x400, NXE: 0x800 } as const;

/** The state of one logical processor. Word `W.name + i` of `words` is field `name`. */
export class CpuState {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u64: BigUint64Array;

  /** Its memory comes from `arena`. */
  constructor(arena = new Arena()) {
    const size = Math.ceil(STATE_WORDS / 4) * 16;
    const { buffer, byteOffset } = arena.take(size);
    this.words = new Int32Array(buffer, byteOffset, size / 4);
    this.bytes = new Uint8Array(buffer, byteOffset, size);
    this.i8 = new Int8Array(buffer, byteOffset, size);
    this.u16 = new Uint16Array(buffer, byteOffset, size / 2);
    this.i16 = new Int16Array(buffer, byteOffset, size / 2);
    this.f32 = new Float32Array(buffer, byteOffset, size / 4);
    this.f64 = new Float64Array(buffer, byteOffset, size / 8);
    this.u64 = new BigUint64Array(buffer, byteOffset, size / 8);
  }

  /** Element `index` of a 4- or 8-byte field as an unsigned BigInt. For slow paths and tools. */
  get(name: FieldName, index = 0): bigint {
    const { word, bytes, stride } = FIELDS[name];
    const at = word + index * stride;
    // Not from a BigUint64Array: V8 11.3 aborts where such a value meets another BigInt at a join.
    const high = bytes === 4 ? 0 : this.words[at + 1]! >>> 0;
    return (BigInt(high) << 32n) | BigInt(this.words[at]! >>> 0);
  }

  set(name: FieldName, value: bigint, index = 0): void {
    const { word, bytes, stride } = FIELDS[name];
    const at = word + index * stride;
    this.words[at] = Number(BigInt.asIntN(32, value));
    if (bytes !== 4) this.words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }

  copyFrom(other: CpuState): void {
    this.words.set(other.words);
  }
}
