import type { Known } from './ir/block.ts';
import type { Row } from './isa/row.ts';

export type OperandSize = 1 | 2 | 4 | 8;

/** A general-purpose register. `high`: AH, CH, DH or BH (`reg` is then the full register, 0-3). */
export interface RegisterOperand {
  readonly kind: 'gpr';
  readonly reg: Known;
  readonly high: boolean;
  readonly size: OperandSize;
}

/** A memory operand. `base` and `index` are register numbers, or undefined. `scale` is log2 of the factor. */
export interface MemoryOperand {
  readonly kind: 'mem';
  readonly seg: number;
  readonly base: Known | undefined;
  readonly index: Known | undefined;
  readonly scale: Known;
  readonly disp: Known;
  /** High word of the displacement: its sign, or of an absolute 64-bit address (MOV moffs, RIP-relative). */
  readonly dispHigh: Known;
  /** The displacement is an absolute address that was given relative to RIP. */
  readonly relative: boolean;
  /** Bytes; 10, 16 and more for x87 and vector operands, 0 where the row does not say (LEA, INVLPG). */
  readonly size: number;
}

export interface ImmediateOperand {
  readonly kind: 'imm';
  readonly low: Known;
  readonly high: Known;
  readonly size: OperandSize;
}

/** Segment, control, debug, x87 stack, MMX or XMM register. */
export interface OtherRegisterOperand {
  readonly kind: 'sreg' | 'creg' | 'dreg' | 'st' | 'mmx' | 'xmm';
  readonly reg: Known;
  /** Bytes of the register that the row uses. */
  readonly size: number;
}

/** Branch target, relative; resolved to a linear offset in `Insn.target`. */
export interface RelativeOperand {
  readonly kind: 'rel';
  readonly size: OperandSize;
}

/** ptr16:16 or ptr16:32. */
export interface FarPointerOperand {
  readonly kind: 'far';
  readonly selector: Known;
  readonly offset: Known;
  readonly size: OperandSize;
}

export type Operand =
  | RegisterOperand
  | MemoryOperand
  | ImmediateOperand
  | OtherRegisterOperand
  | RelativeOperand
  | FarPointerOperand;

/** One decoded instruction. Addresses are two int32 halves. */
export interface Insn {
  readonly row: Row;
  readonly length: number;
  readonly mode: number;
  readonly operandSize: 2 | 4 | 8;
  readonly addressSize: 2 | 4 | 8;
  readonly rex: number;
  /** 0, 0xF2 or 0xF3: the last repeat prefix. */
  readonly rep: 0 | 0xf2 | 0xf3;
  readonly lock: boolean;
  /** Segment override, or -1. */
  readonly segOverride: number;
  readonly operands: readonly Operand[];
  /** RIP (EIP, IP) of this instruction. */
  readonly ip: readonly [low: Known, high: Known];
  /** RIP of the one behind it. */
  readonly next: readonly [low: Known, high: Known];
  /** RIP that a relative branch goes to. */
  readonly target: readonly [low: Known, high: Known];
  /** `target` is not canonical, or beyond the limit of the code segment. */
  readonly targetFaults: boolean;
}
