import type { Insn, Operand } from '../../../cpu/insn.ts';
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

/**
 * Whether an address lies where the image of a 64-bit Linux kernel is: anywhere in the first of the last 2 GiB, chosen
 * anew at each boot (KASLR). What its code names by absolute addresses moves with it.
 */
export const isInImage = (low: Known, high: Known): boolean =>
  high === -1 && typeof low === 'number' && low < -0x40000000;

/** How an operand of code follows from where that code lies. */
function movesBy(operand: Operand, inImage: boolean): 'relative' | 'absolute' | 'away' | undefined {
  if (operand.kind === 'imm') return inImage && isInImage(operand.low, operand.high) ? 'absolute' : undefined;
  if (operand.kind !== 'mem') return undefined;
  // What the image names near address 0 are offsets of the data of a CPU: they stay.
  if (operand.relative) return inImage && operand.dispHigh === 0 ? 'away' : 'relative';
  return inImage && isInImage(operand.disp, operand.dispHigh) ? 'absolute' : undefined;
}

/** The instruction with marks on what moves with it. What its jumps lead to is no part of its IR. */
export function withMovableAddresses(insn: Insn): Insn {
  const pair = ([low, high]: readonly [Known, Known]): [Known, Known] => [movable(low), movable(high)];
  const inImage = isInImage(...insn.ip);
  return {
    ...insn,
    ip: pair(insn.ip),
    next: pair(insn.next),
    operands: insn.operands.map((operand) => {
      const how = movesBy(operand, inImage);
      if (how === undefined || how === 'away') return operand;
      if (operand.kind === 'imm') return { ...operand, low: movable(operand.low), high: movable(operand.high) };
      if (operand.kind !== 'mem') return operand;
      return { ...operand, disp: movable(operand.disp), dispHigh: movable(operand.dispHigh) };
    }),
  };
}

/** A number of 32 bits among an instruction's bytes that is another one where the image of its kernel lies elsewhere. */
export interface MovedField {
  /** Of its first byte in the instruction. */
  readonly at: number;
  /** It grows with the address of the code, or shrinks with it: a distance from there to what stays. */
  readonly grows: boolean;
}

/** What differs between an instruction's bytes here and elsewhere. Undefined: that cannot be told. */
export function movedFields(insn: Insn, bytes: Uint8Array): readonly MovedField[] | undefined {
  const fields: MovedField[] = [];
  const inImage = isInImage(...insn.ip);
  for (const operand of insn.operands) {
    const how = movesBy(operand, inImage);
    if (how !== 'absolute' && how !== 'away') continue;
    const named = operand.kind === 'imm' ? operand.low : operand.kind === 'mem' ? operand.disp : 0;
    const value = how === 'absolute' ? (named as number) : ((named as number) - (insn.next[0] as number)) | 0;
    const places = placesOf(value, bytes);
    if (places.length !== 1) return undefined;
    fields.push({ at: places[0]!, grows: how === 'absolute' });
  }
  return fields;
}

function placesOf(value: number, bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const places: number[] = [];
  for (let at = 1; at + 4 <= bytes.length; at++) if (view.getInt32(at, true) === value) places.push(at);
  return places;
}
