import type { Inst, IrBuilder, ValueId } from '../../../cpu/ir/block.ts';
import { FIELDS, W } from '../../../cpu/state.ts';
import { isDivision } from './division.ts';
import { isFloatCall } from './inline-float.ts';

export type Call = Inst & { readonly op: 'call' };

/** What an instruction does to the stack, by its one helper. */
export interface Effect {
  /** ST(i) that must not be empty. */
  readonly reads: readonly number[];
  /** It pushes: ST(7) must be empty. */
  readonly pushes?: boolean;
  /** ST(i) that is not empty afterwards, before the pops. */
  readonly fills?: number;
  readonly pops?: number;
  /** It rounds: precision and rounding control have to be the usual ones. */
  readonly rounds?: boolean;
  /** What it does to C1: clears it and no other bit of FSW, writes it itself, or leaves it. */
  readonly c1: 'clears' | 'writes' | 'leaves';
  /** The helper does it all, after what is pending has been written. */
  readonly byHelper?: boolean;
}

type Known = readonly (number | undefined)[];

const ARITHMETIC: ReadonlySet<number | undefined> = new Set([0, 1, 4, 5, 6, 7]);
const COMPARE_POP = 3;
const ONE = 0;
const ZERO = 6;

const onMemory = ([operation]: Known): Effect => ({
  reads: [0],
  pops: operation === COMPARE_POP ? 1 : 0,
  rounds: true,
  c1: 'writes',
  byHelper: !ARITHMETIC.has(operation),
});
const load = (): Effect => ({ reads: [], pushes: true, c1: 'clears' });
const onTop = (): Effect => ({ reads: [0], c1: 'writes', byHelper: true });
const onSign = (): Effect => ({ reads: [0], c1: 'clears' });

/** By helper; arguments that are numbers of the instruction are known. */
const EFFECTS: Readonly<Record<string, (args: Known) => Effect>> = {
  x87Binary: ([, , a, b, pops]) => ({ reads: [a!, b!], pops: pops!, rounds: true, c1: 'writes' }),
  x87BinaryF32: onMemory,
  x87BinaryF64: onMemory,
  x87BinaryInteger: (args) => ({ ...onMemory(args), byHelper: true }),
  x87Compare: ([, b, pops]) => ({ reads: [0, b!], pops: pops!, c1: 'writes' }),
  x87CompareFlags: ([, b, pops]) => ({ reads: [0, b!], pops: pops!, c1: 'leaves' }),
  x87Test: onTop,
  x87SquareRoot: onTop,
  x87Round: onTop,
  x87ChangeSign: onSign,
  x87Absolute: onSign,
  x87LoadRegister: ([i]) => ({ reads: [i!], pushes: true, c1: 'clears' }),
  x87LoadF32: load,
  x87LoadF64: load,
  x87LoadInteger: load,
  x87LoadConstant: ([which]) => ({ ...load(), rounds: which !== ONE && which !== ZERO }),
  x87StoreRegister: ([i, pops]) => ({ reads: [0], fills: i!, pops: pops!, c1: 'clears' }),
  x87StoreF32: ([, pops]) => ({ reads: [0], pops: pops!, rounds: true, c1: 'writes' }),
  x87StoreF64: ([, pops]) => ({ reads: [0], pops: pops!, rounds: true, c1: 'writes' }),
  x87StoreInteger: ([, , pops]) => ({ reads: [0], pops: pops!, c1: 'writes', byHelper: true }),
  x87Exchange: ([i]) => ({ reads: [0, i!], c1: 'clears' }),
};

/** What must hold where a run of instructions begins; registers are numbered from the top of stack there. */
export interface Start {
  /** Bits of registers that must not be empty, and of those that must be. */
  full: number;
  empty: number;
  rounds: boolean;
  /** Bits of the registers that the run works on. */
  used: number;
}

/** An instruction that is part of a run. */
export interface Step {
  readonly call: Call;
  readonly effect: Effect;
  /** The first one of a run has what must hold. */
  readonly start: Start | undefined;
  /** Values that the instruction and data pointers become. */
  readonly ip: ValueId;
  readonly data: { readonly address: ValueId; readonly segment: number } | undefined;
  /** IR that is not printed: the question whether an exception waits, and the notes of where the instruction is. */
  readonly skipped: ReadonlySet<Inst>;
}

/** The part of a run: a step, an instruction that has nothing to do with the x87, or one that ends a run. */
export type Part = Step | 'other' | 'end';

const POINTERS: ReadonlySet<number> = new Set([W.fip, W.fcs, W.fdp, W.fds]);
const FIRST_WORD = W.fcw;
const LAST_WORD = W.st + FIELDS.st.count * FIELDS.st.stride;

/** Finds the runs of x87 instructions in a block whose stack is known from where a run begins. */
export function planX87(irs: readonly IrBuilder[]): readonly Part[] {
  let start: Start | undefined;
  let top = 0;
  /** By register: whether it is empty, as far as that is known. */
  const empty = new Map<number, boolean>();
  const parts: Part[] = [];

  /** Holds that ST(i) is (not) empty; false when it is known not to be so. */
  const need = (i: number, wanted: boolean): boolean => {
    const register = (top + i) & 7;
    const known = empty.get(register);
    if (known !== undefined) return known === wanted;
    empty.set(register, wanted);
    if (wanted) start!.empty |= 1 << register;
    else start!.full |= 1 << register;
    return true;
  };

  const join = ({ reads, pushes, fills, pops, rounds }: Effect): boolean => {
    if (!reads.every((i) => need(i, false)) || (pushes === true && !need(7, true))) return false;
    for (const i of [...reads, ...(pushes === true ? [7] : []), ...(fills === undefined ? [] : [fills])]) {
      start!.used |= 1 << ((top + i) & 7);
    }
    if (rounds === true) start!.rounds = true;
    if (pushes === true) {
      top--;
      empty.set(top & 7, false);
    }
    if (fills !== undefined) empty.set((top + fills) & 7, false);
    for (let n = 0; n < (pops ?? 0); n++) empty.set(top++ & 7, true);
    return true;
  };

  for (const ir of irs) {
    const found = stepOf(ir);
    if (found === undefined) {
      const isOther = !ir.insts.some(concernsX87);
      if (!isOther) start = undefined;
      parts.push(isOther ? 'other' : 'end');
      continue;
    }
    const before = start === undefined ? undefined : { ...start };
    const begin = (): Start => {
      top = 0;
      empty.clear();
      return (start = { full: 0, empty: 0, rounds: false, used: 0 });
    };
    let first = start === undefined ? begin() : undefined;
    if (!join(found.effect)) {
      // What is known tells that the stack will not do: another run finds out.
      if (before !== undefined) Object.assign(start!, before);
      first = begin();
      if (!join(found.effect)) {
        start = undefined;
        parts.push('end');
        continue;
      }
    }
    parts.push({ ...found, start: first });
  }
  return parts;
}

/** How many instructions of a block are part of runs. */
export const stepsOf = (irs: readonly IrBuilder[]): number =>
  planX87(irs).filter((part) => typeof part !== 'string').length;

/** What is known of an instruction that may be part of a run. */
function stepOf(ir: IrBuilder): Omit<Step, 'start'> | undefined {
  const { insts } = ir;
  const call = insts.find((inst): inst is Call => inst.op === 'call' && inst.helper in EFFECTS);
  if (call === undefined) return undefined;
  const known = call.args.map((arg) => {
    const value = typeof arg === 'number' ? undefined : arg.known;
    return typeof value === 'number' ? value : undefined;
  });
  const effect = EFFECTS[call.helper]!(known);
  const check = insts.findIndex((inst) => inst.op === 'call' && inst.helper === 'checkX87');
  if (insts[check - 1]?.op !== 'if' || insts[check + 1]?.op !== 'end') return undefined;
  const skipped = new Set(insts.slice(check - 1, check + 2));
  const pointers = new Map<number, ValueId>();
  for (const inst of insts) {
    if (inst.op !== 'set' || !POINTERS.has(inst.slot.word)) continue;
    skipped.add(inst);
    pointers.set(inst.slot.word, inst.value);
  }
  const ip = pointers.get(W.fip);
  const address = pointers.get(W.fdp);
  const selector = insts[pointers.get(W.fds) ?? -1];
  if (ip === undefined) return undefined;
  if (address === undefined || selector?.op !== 'get') return { call, effect, skipped, ip, data: undefined };
  return { call, effect, skipped, ip, data: { address, segment: selector.slot.word - W.selector } };
}

/** Whether it looks at what a run keeps to itself, or changes it. */
function concernsX87(inst: Inst): boolean {
  if (inst.op === 'call') return !isDivision(inst.helper) && !isFloatCall(inst.helper) && inst.helper !== 'raise';
  if (inst.op !== 'get' && inst.op !== 'set') return false;
  const { word, param } = inst.slot;
  return param !== null || (word >= FIRST_WORD && word < LAST_WORD);
}
