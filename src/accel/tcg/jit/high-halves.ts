import type { Inst, IrBuilder, ValueId } from '../../../cpu/ir/block.ts';
import { OPS, type PureOp } from '../../../cpu/ir/ops.ts';
import { operandsOf } from '../../../cpu/ir/verify.ts';
import { W } from '../../../cpu/state.ts';

export const GPRS = 16;

/**
 * A high half may be known as a number, or as that of a register when the region was entered, whatever it was then:
 * such a one is a number that no 32 bits hold.
 */
const NAMED = 2 ** 32;
/** The high half that a register had when the region was entered. */
export const entryHigh = (register: number): number => NAMED + register;
/** The register that a known high half is named after; undefined for a number. */
export const namedAfter = (high: number): number | undefined => (high >= NAMED ? high - NAMED : undefined);
const isNamed = (high: number | undefined): boolean => high !== undefined && high >= NAMED;

/** What is known of the high half of each general-purpose register, by number, or nothing. */
export type Highs = readonly (number | undefined)[];

/** The state word with a register's high half. */
export const highWord = (register: number): number => W.gpr + 2 * register + 1;

/** What is known of one instruction's values. */
export interface KnownHalves {
  /** By value: the high half of an i64, the whole of an i32. */
  readonly known: readonly (number | undefined)[];
  /**
   * Values whose high half is `known` only because the text compares it: where it is another, the region is left
   * and the interpreter runs the instruction.
   */
  readonly guards: ReadonlySet<ValueId>;
  /** The registers behind the instruction. */
  readonly after: Highs;
}

/** The register whose words a state word belongs to; undefined for other state. */
export const registerOf = (word: number): number | undefined =>
  word >= W.gpr && word < W.gpr + 2 * GPRS ? (word - W.gpr) >> 1 : undefined;

/**
 * Follows the high halves of 64-bit values through one instruction. Most of them never change: addresses stay in
 * their 4 GiB, and a 32-bit write clears the upper half.
 *
 * @param before what is known of the registers
 * @param mayGuard high halves that change only by a carry may be taken as unchanged, with a guard
 */
export function knownHalves(ir: IrBuilder, before: Highs, mayGuard: boolean): KnownHalves {
  const known: (number | undefined)[] = [];
  const guards = new Set<ValueId>();
  const worth = mayGuard ? worthGuarding(ir) : NONE;
  let now: (number | undefined)[] = [...before];
  const arms: { before: (number | undefined)[]; afterThen: (number | undefined)[] | undefined }[] = [];
  // A guard leaves the instruction undone, so nothing may have been written before it.
  let written = false;
  ir.insts.forEach((inst, at) => {
    switch (inst.op) {
      case 'const':
        known[at] = numberOf(inst.type === 'i64' ? inst.high : inst.low);
        return;
      case 'get': {
        const register = inst.slot.param === null ? registerOf(inst.slot.word) : undefined;
        known[at] = inst.type === 'i64' && register !== undefined ? now[register] : undefined;
        return;
      }
      case 'pure': {
        const certain = resultOf(inst, known);
        if (certain !== undefined || inst.type !== 'i64') known[at] = certain;
        else if (!written && worth.has(at)) {
          known[at] = likelyResult(ir, inst, known);
          if (known[at] !== undefined) guards.add(at);
        }
        return;
      }
      case 'set': {
        written = true;
        const register = inst.slot.param === null ? registerOf(inst.slot.word) : undefined;
        if (register === undefined) return;
        if (ir.typeOf(inst.value) === 'i64') now[register] = known[inst.value];
        else if ((inst.slot.word & 1) !== 0) now[register] = undefined;
        return;
      }
      case 'if':
        arms.push({ before: [...now], afterThen: undefined });
        return;
      case 'else': {
        const arm = arms[arms.length - 1]!;
        arm.afterThen = now;
        now = [...arm.before];
        return;
      }
      case 'end': {
        const arm = arms.pop()!;
        now = meet(arm.afterThen ?? arm.before, now);
        return;
      }
      case 'store':
      case 'setFlags':
      case 'putFlags':
      case 'putCarries':
      case 'call':
        written = true;
        return;
      default:
    }
  });
  return { known, guards, after: now };
}

/** What is known on both ways. */
export const meet = (a: Highs, b: Highs): (number | undefined)[] =>
  a.map((high, register) => (high === b[register] ? high : undefined));

const NONE: ReadonlySet<ValueId> = new Set();
const numberOf = (value: number | string): number | undefined => (typeof value === 'number' ? value : undefined);

/** Values that become a register, or that an address or a register's value is computed from. */
function worthGuarding(ir: IrBuilder): Set<ValueId> {
  const worth = new Set<ValueId>();
  for (let at = ir.insts.length - 1; at >= 0; at--) {
    const inst = ir.insts[at]!;
    if (inst.op === 'load' || inst.op === 'store') worth.add(inst.address);
    else if (inst.op === 'set' && registerOf(inst.slot.word) !== undefined) worth.add(inst.value);
    else if (inst.op === 'pure' && worth.has(at) && inst.type === 'i64') {
      for (const value of operandsOf(inst)) if (ir.typeOf(value) === 'i64') worth.add(value);
    }
  }
  return worth;
}

type Pure = Inst & { readonly op: 'pure' };

/** What a result's high half (or an i32 result) must be. */
function resultOf(inst: Pure, known: readonly (number | undefined)[]): number | undefined {
  const [a, b] = inst.args.map((arg) => known[arg]);
  if (isNamed(a) || isNamed(b)) return resultOfNamed(inst, a, b, known[inst.args[2]!]);
  switch (inst.name) {
    case 'hi':
    case 'zext64':
      return inst.name === 'hi' ? a : 0;
    case 'pair':
      return b;
    case 'sext64':
      return a === undefined ? undefined : a >> 31;
    case 'and64':
      if (a === 0 || b === 0) return 0;
      return a === undefined || b === undefined ? undefined : a & b;
    case 'or64':
      if (a === -1 || b === -1) return -1;
      return a === undefined || b === undefined ? undefined : a | b;
    case 'xor64':
      return a === undefined || b === undefined ? undefined : a ^ b;
    case 'shr64':
      return a === 0 ? 0 : undefined;
    case 'sar64':
      return a === 0 || a === -1 ? a : undefined;
    case 'select64': {
      const other = known[inst.args[2]!];
      return b === other ? b : undefined;
    }
  }
  const op: PureOp = OPS[inst.name];
  if (op.type !== 'i32' || op.args.some((type) => type !== 'i32')) return undefined;
  const numbers = inst.args.map((arg) => known[arg]);
  if (numbers.some((number) => number === undefined || isNamed(number))) return undefined;
  return (op.eval as (...args: (number | undefined)[]) => number)(...numbers);
}

/** As `resultOf` where an operand's high half is known by its name alone. */
function resultOfNamed(inst: Pure, a: number | undefined, b: number | undefined, c: number | undefined) {
  switch (inst.name) {
    case 'hi':
      return a;
    case 'zext64':
      return 0;
    case 'pair':
      return b;
    case 'and64':
      return a === 0 || b === 0 ? 0 : b === -1 ? a : a === -1 || a === b ? b : undefined;
    case 'or64':
      return a === -1 || b === -1 ? -1 : b === 0 ? a : a === 0 || a === b ? b : undefined;
    case 'xor64':
      return b === 0 ? a : a === 0 ? b : a === b ? 0 : undefined;
    case 'select64':
      return b === c ? b : undefined;
    default:
      return undefined;
  }
}

/** What a result's high half is when nothing unlikely happens: no carry, no large or negative index. */
function likelyResult(ir: IrBuilder, inst: Pure, known: readonly (number | undefined)[]): number | undefined {
  const [a, b] = inst.args.map((arg) => known[arg]);
  switch (inst.name) {
    case 'add64':
      if (a === undefined || b === undefined) return undefined;
      return sum(a, b, carriesMostly(ir, inst.args[1]!, a, b) ? 1 : 0);
    case 'sub64':
      if (a === undefined || b === undefined) return undefined;
      // Two places of the same 4 GiB; else a small negative number is subtracted.
      return a === b ? 0 : isNamed(b) ? undefined : sum(a, -b, b === -1 ? -1 : 0);
    case 'sext64':
      return 0;
    case 'pair':
      return shiftedHigh(ir, inst, known);
    default:
      return undefined;
  }
}

/** High half of a sum: that of a named one is known if nothing is added to it. */
function sum(a: number, b: number, carry: number): number | undefined {
  if (isNamed(a)) return b + carry === 0 ? a : undefined;
  if (isNamed(b)) return a + carry === 0 ? b : undefined;
  return (a + b + carry) | 0;
}

/** Constants above this are small negative numbers; others with all bits set above are addresses of the last 4 GiB. */
const SMALL = -(1 << 24);

/** Whether the lower halves of a sum carry: a small negative number is added to an address, or a negative index. */
function carriesMostly(ir: IrBuilder, addend: ValueId, a: number, b: number): boolean {
  const inst = ir.insts[addend]!;
  if (inst.op === 'const') return b === -1 && typeof inst.low === 'number' && inst.low >= SMALL;
  if (a === -1) return b !== 0;
  return b === -1 && a !== 0;
}

/** A pair that is a small number, times a power of two. */
function shiftedHigh(ir: IrBuilder, { args }: Pure, known: readonly (number | undefined)[]): number | undefined {
  const high = ir.insts[args[1]!]!;
  if (high.op !== 'pure' || high.name !== 'or') return undefined;
  const top = ir.insts[high.args[0]!]!;
  if (top.op !== 'pure' || top.name !== 'shl') return undefined;
  const from = ir.insts[top.args[0]!]!;
  if (from.op !== 'pure' || from.name !== 'hi') return undefined;
  const before = known[from.args[0]!];
  return before === 0 || before === -1 ? before : undefined;
}
