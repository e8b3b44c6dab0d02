import type { PureName } from '../../../cpu/ir/ops.ts';
import { namedAfter } from './high-halves.ts';

interface Halves {
  readonly l: string;
  readonly h: string;
}

interface Known {
  readonly l: string;
  readonly h: number;
}

/**
 * Text that is true when the high half of a result is not the likely one.
 *
 * @param out the low half by name, the high one as the text that computes it
 * @param args low halves by name, and high ones where they are known
 */
export function guardText(
  name: PureName,
  out: Halves,
  args: readonly { readonly l: string; readonly h: number | undefined }[],
  likely: number,
): string {
  if (name === 'sext64') return likely === 0 ? `${out.l} < 0` : `${out.l} >= 0`;
  if (name !== 'add64' && name !== 'sub64') return `(${out.h}) !== ${likely}`;
  const [a, b] = args as [Known, Known];
  const expected = carries(name, a.h, b.h, likely);
  const constant = Number(b.l.replace(/^\((.*)\)$/, '$1'));
  if (name === 'add64') {
    const than = Number.isInteger(constant) ? String(constant >>> 0) : `${a.l} >>> 0`;
    return `${out.l} >>> 0 ${expected ? '>=' : '<'} ${than}`;
  }
  const than = Number.isInteger(constant) ? String(constant >>> 0) : `${b.l} >>> 0`;
  return `${a.l} >>> 0 ${expected ? '>=' : '<'} ${than}`;
}

/** A carry out of the lower halves, or a borrow, that a likely result does or does not have. */
function carries(name: 'add64' | 'sub64', a: number, b: number, likely: number): boolean {
  // What leaves a high half that has but a name as it is.
  if (namedAfter(likely) !== undefined) return (namedAfter(b) === undefined ? b : a) === -1;
  if (a === b && name === 'sub64') return likely !== 0;
  return name === 'add64' ? ((likely - a - b) | 0) !== 0 : ((a - b - likely) | 0) !== 0;
}
