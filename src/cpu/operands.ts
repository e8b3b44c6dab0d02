/**
 * Operand codes of the SDM's opcode maps (Vol. 2D, appendix A.2): an addressing-method letter and a size,
 * or the name of a fixed register. Departures: `Ibs` is a sign-extended imm8, `Mt` ten bytes, `RdMb` a register
 * of one size or memory of another (the SDM's Rd/Mb), `STi` the x87 register of ModRM.rm, and `F` (flags)
 * gives no operand.
 */

/** Where an operand's number comes from. */
export const SOURCE = {
  NONE: 0,
  /** ModRM.reg, ModRM.rm (a register), ModRM.rm (a register or memory), VEX.vvvv, low bits of the opcode. */
  REG: 1,
  RM_REGISTER: 2,
  RM: 3,
  VVVV: 4,
  OPCODE: 5,
  /** A register that the row names, a number that the row names. */
  FIXED: 6,
  ONE: 7,
  /** Immediate of the operand's size; one of at most 4 bytes, or of 1 byte, sign-extended to it. */
  IMMEDIATE: 8,
  IMMEDIATE_Z: 9,
  IMMEDIATE_BYTE: 10,
  /** Displacement of a branch: 1 byte, or 2 or 4. */
  RELATIVE_BYTE: 11,
  RELATIVE_Z: 12,
  FAR: 13,
  /** Memory at an address in the instruction, at DS:rSI, at ES:rDI. */
  OFFSET: 14,
  STRING_SOURCE: 15,
  STRING_DESTINATION: 16,
} as const;

/** Sizes that depend on the instruction; smaller numbers are bytes. */
export const SIZE = {
  /** Operand size. */
  V: 100,
  /** Operand size, at most 4. */
  Z: 101,
  /** 8 with REX.W (or a 64-bit default), else 4. */
  Y: 102,
  /** Far pointer in memory: 4, 6 or 10. */
  P: 103,
  /** Two operands of BOUND. */
  A: 104,
  /** Pseudo-descriptor: 6 or 10. */
  S: 105,
  /** 8 in 64-bit mode, else 4. */
  N: 106,
} as const;

export type Bank = 'gpr' | 'sreg' | 'creg' | 'dreg' | 'st' | 'mmx' | 'xmm';

export interface OperandSpec {
  readonly code: string;
  readonly source: number;
  readonly bank: Bank;
  /** Size of a register or immediate, and of memory. */
  readonly size: number;
  readonly memorySize: number;
  /** Number of a FIXED register. */
  readonly fixed: number;
  /** What the code says about ModRM.mod; 'ignored': a register whatever mod is (MOV CRn). */
  readonly mod: 'any' | 'm' | 'r' | 'ignored';
}

// biome-ignore format: table
const SIZES: Readonly<Record<string, number>> = {
  '': 0, b: 1, w: 2, d: 4, q: 8, dq: 16, t: 10,
  v: SIZE.V, z: SIZE.Z, y: SIZE.Y, p: SIZE.P, a: SIZE.A, s: SIZE.S, n: SIZE.N,
  x: 16, ps: 16, pd: 16, ss: 4, sd: 8, pi: 8, si: 4,
};

type Method = readonly [source: number, bank: Bank, mod?: OperandSpec['mod']];

const METHODS: Readonly<Record<string, Method>> = {
  A: [SOURCE.FAR, 'gpr'],
  B: [SOURCE.VVVV, 'gpr'],
  C: [SOURCE.REG, 'creg'],
  D: [SOURCE.REG, 'dreg'],
  E: [SOURCE.RM, 'gpr'],
  F: [SOURCE.NONE, 'gpr'],
  G: [SOURCE.REG, 'gpr'],
  H: [SOURCE.VVVV, 'xmm'],
  I: [SOURCE.IMMEDIATE, 'gpr'],
  J: [SOURCE.RELATIVE_Z, 'gpr'],
  M: [SOURCE.RM, 'gpr', 'm'],
  N: [SOURCE.RM_REGISTER, 'mmx', 'r'],
  O: [SOURCE.OFFSET, 'gpr'],
  P: [SOURCE.REG, 'mmx'],
  Q: [SOURCE.RM, 'mmx'],
  R: [SOURCE.RM_REGISTER, 'gpr', 'r'],
  S: [SOURCE.REG, 'sreg'],
  U: [SOURCE.RM_REGISTER, 'xmm', 'r'],
  V: [SOURCE.REG, 'xmm'],
  W: [SOURCE.RM, 'xmm'],
  X: [SOURCE.STRING_SOURCE, 'gpr'],
  Y: [SOURCE.STRING_DESTINATION, 'gpr'],
  Z: [SOURCE.OPCODE, 'gpr'],
};

type Meaning = Omit<OperandSpec, 'code'>;

const spec = (source: number, bank: Bank, size: number, fixed = 0, mod: OperandSpec['mod'] = 'any'): Meaning => ({
  source,
  bank,
  size,
  memorySize: size,
  fixed,
  mod,
});

// biome-ignore format: table
const SPECIALS: Readonly<Record<string, Meaning>> = {
  1:    spec(SOURCE.ONE, 'gpr', 1, 1),
  Cd:   spec(SOURCE.REG, 'creg', SIZE.N),
  Dd:   spec(SOURCE.REG, 'dreg', SIZE.N),
  Ep:   spec(SOURCE.RM, 'gpr', SIZE.P, 0, 'm'),
  Ibs:  spec(SOURCE.IMMEDIATE_BYTE, 'gpr', SIZE.V),
  Iz:   spec(SOURCE.IMMEDIATE_Z, 'gpr', SIZE.V),
  Jb:   spec(SOURCE.RELATIVE_BYTE, 'gpr', SIZE.V),
  Jz:   spec(SOURCE.RELATIVE_Z, 'gpr', SIZE.V),
  Rd:   spec(SOURCE.RM_REGISTER, 'gpr', SIZE.N, 0, 'ignored'),
  ST0:  spec(SOURCE.FIXED, 'st', 10, 0),
  STi:  spec(SOURCE.RM_REGISTER, 'st', 10, 0, 'r'),
  XMM0: spec(SOURCE.FIXED, 'xmm', 16, 0),
};

const GPRS = ['AX', 'CX', 'DX', 'BX', 'SP', 'BP', 'SI', 'DI'];
const BYTE_GPRS = ['AL', 'CL', 'DL', 'BL'];
const SREGS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];
const GPR_SIZES: Readonly<Record<string, number>> = { '': 2, e: SIZE.Z, r: SIZE.V, E: 4, R: 8 };

function fixedRegister(code: string): Meaning | undefined {
  if (BYTE_GPRS.includes(code)) return spec(SOURCE.FIXED, 'gpr', 1, BYTE_GPRS.indexOf(code));
  if (SREGS.includes(code)) return spec(SOURCE.FIXED, 'sreg', 2, SREGS.indexOf(code));
  const size = GPR_SIZES[code.slice(0, -2)];
  const number = GPRS.indexOf(code.slice(-2));
  return size === undefined || number < 0 ? undefined : spec(SOURCE.FIXED, 'gpr', size, number);
}

function byMethod(code: string): Meaning | undefined {
  const mixed = /^([RNU])([a-z]*)M([a-z]*)$/.exec(code);
  const [, letter, register, memory] = mixed ?? /^([A-Z])([a-z]*)()$/.exec(code) ?? [];
  const method = METHODS[letter ?? ''];
  const size = SIZES[register ?? ''];
  const memorySize = mixed === null ? size : SIZES[memory ?? ''];
  if (method === undefined || size === undefined || memorySize === undefined) return undefined;
  const [source, bank, mod = 'any'] = mixed === null ? method : ([SOURCE.RM, method[1], 'any'] as const);
  return { source, bank, size, memorySize, fixed: 0, mod };
}

const known = new Map<string, OperandSpec>();

/** The meaning of an operand code. Throws when there is none. */
export function operandSpec(code: string): OperandSpec {
  let found = known.get(code);
  if (found === undefined) {
    const meaning = SPECIALS[code] ?? fixedRegister(code) ?? byMethod(code);
    if (meaning === undefined) throw new Error(`operand code "${code}" is not in src/cpu/operands.ts`);
    found = { code, ...meaning };
    known.set(code, found);
  }
  return found;
}

/**
 * Bytes of a size from `SIZE`, or the bytes themselves. `long`: 64-bit mode; `wide`: REX.W there, or an
 * instruction whose default is 64 bits.
 */
export function bytesOf(size: number, operandSize: 2 | 4 | 8, long: boolean, wide: boolean): number {
  switch (size) {
    case SIZE.V:
      return operandSize;
    case SIZE.Z:
      return operandSize === 2 ? 2 : 4;
    case SIZE.Y:
      return wide ? 8 : 4;
    case SIZE.P:
      return operandSize + 2;
    case SIZE.A:
      return 2 * operandSize;
    case SIZE.S:
      return long ? 10 : 6;
    case SIZE.N:
      return long ? 8 : 4;
    default:
      return size;
  }
}
