import type { PureName } from '../../../cpu/ir/ops.ts';

interface Halves {
  readonly l: string;
  readonly h: string;
}

/**
 * Text that is true when the high half of a result is not the likely one.
 *
 * @param out the low half by name, the high one as the text that computes it
 * @param args low halves by name, high ones as numbers
 */
export function guardText(name: PureName, out: Halves, args: readonly Halves[], likely: number): string {
  if (name === 'sext64') return likely === 0 ? `${out.l} < 0` : `${out.l} >= 0`;
  if (name !== 'add64' && name !== 'sub64') return `(${out.h}) !== ${likely}`;
  const [a, b] = args as [Halves, Halves];
  const [ah, bh] = [numberOf(a.h), numberOf(b.h)];
  // A carry out of an addition, or a borrow, that a likely result does or does not have.
  const expected = name === 'add64' ? ((likely - ah - bh) | 0) !== 0 : ((ah - bh - likely) | 0) !== 0;
  const constant = Number(b.l.replace(/^\((.*)\)$/, '$1'));
  if (name === 'add64') {
    const than = Number.isInteger(constant) ? String(constant >>> 0) : `${a.l} >>> 0`;
    return `${out.l} >>> 0 ${expected ? '>=' : '<'} ${than}`;
  }
  const than = Number.isInteger(constant) ? String(constant >>> 0) : `${b.l} >>> 0`;
  return `${a.l} >>> 0 ${expected ? '>=' : '<'} ${than}`;
}

const numberOf = (text: string): number => Number(text.replace(/^\((.*)\)$/, '$1'));
