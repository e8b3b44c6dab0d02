import { KIND } from '../../../cpu/flags.ts';
import type { IrBuilder } from '../../../cpu/ir/block.ts';
import { W } from '../../../cpu/state.ts';
import type { FlagNames } from './flag-text.ts';

/** What is known of the operation that set the flags: its kind; nothing set them in the region; or nothing. */
export type FlagKnowledge = number | 'kept' | 'unknown';

/** The flags at a point of a region. */
export interface FlagState {
  readonly kind: FlagKnowledge;
  /** Values that the flags follow from and that no local holds yet; undefined when the locals hold them. */
  readonly pending?: FlagNames | undefined;
}

/** Addition and subtraction: the result follows from the operands, and is not kept. */
const resultFollows = (kind: FlagKnowledge): boolean =>
  typeof kind === 'number' && ((kind & ~3) === KIND.SUB || (kind & ~3) === KIND.ADD);

const LOCALS: FlagNames = { r: 'fr', rh: 'frh', a: 'fa', ah: 'fah', b: 'fb', bh: 'fbh' };

/** What the parts of the flags are called at a point where their kind is known. */
export function namesOf({ kind, pending }: FlagState): FlagNames {
  if (pending !== undefined) return pending;
  if (typeof kind !== 'number' || !resultFollows(kind)) return LOCALS;
  const subtract = (kind & ~3) === KIND.SUB;
  const low = subtract ? '(fa - fb | 0)' : '(fa + fb | 0)';
  const size = kind & 3;
  const r = size === 0 ? `(${low} << 24 >> 24)` : size === 1 ? `(${low} << 16 >> 16)` : low;
  const rh = subtract
    ? '(fah - fbh - (fa >>> 0 < fb >>> 0 | 0) | 0)'
    : '(fah + fbh + ((fa + fb | 0) >>> 0 < fa >>> 0 | 0) | 0)';
  return { ...LOCALS, r, rh };
}

/** Statements that put pending flags into the locals. They only move values: nothing in them wants type feedback. */
export function settleText({ kind, pending }: FlagState): string {
  if (pending === undefined) return '';
  const { r, rh, a, ah, b, bh } = pending;
  const parts: [string, string][] = [['fk', String(kind)]];
  if (!resultFollows(kind)) parts.push(['fr', r], ['frh', rh]);
  parts.push(['fa', a], ['fah', ah], ['fb', b], ['fbh', bh]);
  return parts.flatMap(([local, value]) => (value === '' ? [] : [`${local} = ${value}; `])).join('');
}

/** Declares the locals; nothing has set flags yet. */
export const FLAG_LOCALS = 'let fk = -1, fr = 0, frh = 0, fa = 0, fah = 0, fb = 0, fbh = 0;';

/** Statement that writes the locals to the state, unless the flags are kept there. */
export const keepText = (long: boolean): string =>
  `if (fk >= 0) ${long ? 'keepFlags64(fk, fr, frh, fa, fah, fb, fbh)' : 'keepFlags(fk, fr, fa, fb)'};`;

/** What `keepText` names. */
export function flagKeepers(w: Int32Array) {
  /** Gives the low half of the result. */
  const keepFlags = (kind: number, r: number, a: number, b: number): number => {
    const group = kind & ~3;
    const unused = kind & 2 ? 0 : kind & 1 ? 16 : 24;
    const result =
      group === KIND.SUB ? ((a - b) << unused) >> unused : group === KIND.ADD ? ((a + b) << unused) >> unused : r;
    w[W.flagKind] = kind;
    w[W.flagRes] = result;
    w[W.flagRes + 1] = result >> 31;
    w[W.flagA] = a;
    w[W.flagB] = b;
    return result;
  };
  const keepFlags64 = (kind: number, r: number, rh: number, a: number, ah: number, b: number, bh: number): void => {
    const result = keepFlags(kind, r, a, b);
    if ((kind & 3) !== 3) return;
    const group = kind & ~3;
    w[W.flagRes + 1] =
      group === KIND.SUB
        ? ah - bh - (a >>> 0 < b >>> 0 ? 1 : 0)
        : group === KIND.ADD
          ? ah + bh + (result >>> 0 < a >>> 0 ? 1 : 0)
          : rh;
    w[W.flagA + 1] = ah;
    w[W.flagB + 1] = bh;
  };
  return { keepFlags, keepFlags64 };
}

/** What is known where two ways meet. */
export const mergeFlags = (a: FlagKnowledge, b: FlagKnowledge): FlagKnowledge => (a === b ? a : 'unknown');

/**
 * The kind when OF, AF and CF were replaced: the others follow from the result as before. Where emitters may have made bits
 * of the flags meanwhile, all are bits.
 */
export const withCarries = (before: FlagKnowledge): number =>
  typeof before === 'number' && before !== KIND.EXPLICIT && (before & ~3) !== KIND.IMUL
    ? KIND.CARRIES | (before & 3)
    : KIND.EXPLICIT;

/** The flags after an instruction, given what was known before it. */
export function flagsAfter(ir: IrBuilder, before: FlagKnowledge): FlagKnowledge {
  let now = before;
  const atIf: FlagKnowledge[] = [];
  const afterThen: (FlagKnowledge | undefined)[] = [];
  for (const inst of ir.insts) {
    if (inst.op === 'setFlags') now = inst.kind;
    else if (inst.op === 'putFlags') now = KIND.EXPLICIT;
    else if (inst.op === 'putCarries') now = withCarries(now);
    else if (inst.op === 'if') {
      atIf.push(now);
      afterThen.push(undefined);
    } else if (inst.op === 'else') {
      afterThen[afterThen.length - 1] = now;
      now = atIf[atIf.length - 1]!;
    } else if (inst.op === 'end') {
      const before = atIf.pop()!;
      now = mergeFlags(now, afterThen.pop() ?? before);
    }
  }
  return now;
}
