import type { OperandSize, RegisterOperand } from './insn.ts';
import type { Bank } from './operands.ts';
import { CS, GS } from './state.ts';

const registers = (size: OperandSize, high = false): RegisterOperand[] =>
  Array.from({ length: high ? 4 : 16 }, (_, reg) => ({ kind: 'gpr', reg, high, size }));
/** General-purpose register operands by size and number: one object each, shared by all instructions. */
export const GPR_OPERANDS: Readonly<Record<number, readonly RegisterOperand[]>> = {
  1: registers(1),
  2: registers(2),
  4: registers(4),
  8: registers(8),
};
/** AH, CH, DH, BH. */
export const HIGH_BYTES = registers(1, true);

/** Which register a number stands for, or -1: #UD. `position`: operands that are written come first. */
export const OTHER_REGISTER: Readonly<Record<Exclude<Bank, 'gpr'>, (reg: number, position: number) => number>> = {
  sreg: (reg, position) => ((reg & 7) > GS || (position === 0 && (reg & 7) === CS) ? -1 : reg & 7),
  creg: (reg) => (reg === 0 || reg === 8 || (reg >= 2 && reg <= 4) ? reg : -1),
  dreg: (reg) => (reg < 8 ? reg : -1),
  st: (reg) => reg & 7,
  mmx: (reg) => reg & 7,
  xmm: (reg) => reg,
};
