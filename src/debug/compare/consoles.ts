/** How the lines of two consoles compare. */
export interface ConsoleComparison {
  readonly same: number;
  /** Lines that are alike but for their numbers: times, speeds, counts. */
  readonly alike: number;
  /** Pairs of lines that differ; undefined where one console has no such line. */
  readonly different: readonly (readonly [a: string | undefined, b: string | undefined])[];
}

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');
const NUMBERS = /\b(0x)?[0-9a-f]*\d[0-9a-f]*(\.\d+)?\b/gi;

const linesOf = (text: string): string[] => text.replace(ESCAPES, '').replaceAll('\r', '').split('\n');
const shape = (line: string): string => line.replace(NUMBERS, '#').replace(/\s+/g, ' ');

/** Compares what two machines printed, line by line. */
export function compareConsoles(a: string, b: string): ConsoleComparison {
  const [left, right] = [linesOf(a), linesOf(b)];
  const different: [string | undefined, string | undefined][] = [];
  let same = 0;
  let alike = 0;
  for (let n = 0; n < Math.max(left.length, right.length); n++) {
    const [x, y] = [left[n], right[n]];
    if (x === y) same++;
    else if (x !== undefined && y !== undefined && shape(x) === shape(y)) alike++;
    else different.push([x, y]);
  }
  return { same, alike, different };
}
