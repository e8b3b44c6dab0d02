import type { Insn } from '../../../cpu/insn.ts';
import type { Known } from '../../../cpu/ir/block.ts';

const MARK = '@';

/** A half of an address that follows from where the code lies: the same code elsewhere has another one. */
const movable = (half: Known): Known => `${MARK}${half}`;

/** The number behind `movable`. @throws Error for anything else that is not known */
export function movableHalf(known: Known): number {
  if (typeof known !== 'string' || !known.startsWith(MARK))
    throw new Error(`a region cannot hold the open field ${known}`);
  return Number(known.slice(MARK.length));
}

/** The instruction with marks on what moves with it. What its jumps lead to is no part of its IR. */
export function withMovableAddresses(insn: Insn): Insn {
  const pair = ([low, high]: readonly [Known, Known]): [Known, Known] => [movable(low), movable(high)];
  return {
    ...insn,
    ip: pair(insn.ip),
    next: pair(insn.next),
    operands: insn.operands.map((operand) =>
      operand.kind === 'mem' && operand.relative
        ? { ...operand, disp: movable(operand.disp), dispHigh: movable(operand.dispHigh) }
        : operand,
    ),
  };
}
