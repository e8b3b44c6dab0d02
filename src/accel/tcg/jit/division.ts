/** Helpers of DIV and IDIV that a region replaces by V8's own division where the dividend's upper half says nothing. */
type Division = 'div32' | 'idiv32';

export const isDivision = (helper: string): helper is Division => helper === 'div32' || helper === 'idiv32';

/**
 * Text that says when a 64-bit dividend `high:low` is no more than its lower half and the quotient exists, and text of
 * that quotient. V8 makes one machine instruction of it.
 */
export function divisionText(name: Division, low: string, high: string, divisor: string) {
  if (name === 'div32') {
    return {
      fits: `${high} === 0 && ${divisor} !== 0`,
      quotient: `(${low} >>> 0) / (${divisor} >>> 0) | 0`,
    };
  }
  return {
    // The most negative number by -1 is #DE.
    fits: `${high} === ${low} >> 31 && ${divisor} !== 0 && ${divisor} !== -1`,
    quotient: `${low} / ${divisor} | 0`,
  };
}
