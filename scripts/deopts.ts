/** A function whose optimised code V8 threw away. */
interface Deopt {
  readonly name: string;
  readonly reason: string;
}

const NO_NAME = '(no name)';
const BAILOUT = /\[bailout \(kind: [\w-]+, reason: ([^)]*)\).*?<JSFunction (?:(\S+) )?\(sfi/;
const DEPENDENT = /\[marking dependent code .*?<SharedFunctionInfo(?: ([^>]*))?>.*reason: ([^\]]*)\]/;

/** What a line of V8's `--trace-deopt` tells; undefined for any other text. */
export function parseDeopt(line: string): Deopt | undefined {
  const bailout = BAILOUT.exec(line);
  if (bailout !== null) return { name: bailout[2] ?? NO_NAME, reason: bailout[1]! };
  const dependent = DEPENDENT.exec(line);
  return dependent === null ? undefined : { name: dependent[1] ?? NO_NAME, reason: dependent[2]! };
}

/** A table of how often each function lost its code, and for which reasons: regions of the guest, then the rest. */
export function deoptTable(deopts: readonly Deopt[]): string {
  const byName = new Map<string, Map<string, number>>();
  for (const { name, reason } of deopts) {
    let reasons = byName.get(name);
    if (reasons === undefined) byName.set(name, (reasons = new Map()));
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const rows = [...byName].map(([name, reasons]) => {
    const total = [...reasons.values()].reduce((sum, count) => sum + count, 0);
    const why = [...reasons].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `${count} ${reason}`);
    return {
      region: name.startsWith('region_'),
      total,
      text: `${String(total).padStart(5)}  ${name}: ${why.join(', ')}`,
    };
  });
  rows.sort((a, b) => Number(b.region) - Number(a.region) || b.total - a.total);
  return rows.map(({ text }) => text).join('\n');
}
