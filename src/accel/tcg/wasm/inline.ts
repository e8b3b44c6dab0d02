import type { Passes } from '../jit/passes.ts';
import type { InlineCall } from './inline-call.ts';
import { CONVERSIONS } from './inline-conversion.ts';
import { DIVISIONS } from './inline-division.ts';
import { FLOATS } from './inline-float.ts';
import { PACKED_FLOATS } from './inline-packed.ts';
import { printVector } from './inline-vector.ts';

const ALL_FLOATS = { ...FLOATS, ...PACKED_FLOATS, ...CONVERSIONS };

/** Prints code in place of a helper's call; false where there is none. */
export function printInline(call: InlineCall, passes: Passes): boolean {
  const { helper } = call.inst;
  const print =
    (passes['inline-division'] ? DIVISIONS[helper] : undefined) ??
    (passes['inline-float'] ? ALL_FLOATS[helper] : undefined);
  if (print === undefined) return passes['inline-vector'] && printVector(call);
  print(call);
  return true;
}
