import { beforeAll, expect, it } from 'vitest';
import type { Row } from '../../src/cpu/isa/row.ts';
import { againstHost, type Host } from '../softfloat/host.ts';
import { Random } from '../support/random.ts';
import { emits, TEST_TIERS } from '../support/tiers.ts';
import { Guest } from './guest.ts';
import { IMAGE_BYTES, Image } from './image.ts';

/** The compiled tier runs one case of so many. */
const JIT_STRIDE = 12;

/** One instruction and the state that it begins in. */
export interface HostCase {
  readonly row: Row;
  readonly code: Uint8Array;
  readonly before: Image;
}

export interface Comparison<C extends HostCase> {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly casesPerRow: number;
  readonly generator: (random: Random) => { make(row: Row): C };
  /** What differs between the host's state and ours, a line each. */
  readonly differences: (one: C, want: Image, got: Image) => string[];
  /** What to know of a case beside its instruction. */
  readonly circumstances: (one: C) => string;
}

/** Tests that each tier leaves random cases of each row in the state that the host's CPU leaves them in. */
export function compareWithHost<C extends HostCase>(comparison: Comparison<C>): void {
  const { title, rows, casesPerRow, differences } = comparison;
  againstHost(title, '../isa/native.c', (host, seed) => {
    const cases: C[] = [];
    let wanted: Image[];

    beforeAll(() => {
      const generator = comparison.generator(new Random(seed));
      for (const row of rows) for (let n = 0; n < casesPerRow; n++) cases.push(generator.make(row));
      wanted = runOnHost(host, cases);
    });

    it.each(TEST_TIERS)('%s leaves the state that the host leaves', (tier) => {
      const guest = new Guest(tier);
      const stride = emits(tier) ? Math.min(JIT_STRIDE, casesPerRow) : 1;
      const wrong = cases.flatMap((one, n) => {
        if (n % stride !== 0) return [];
        const lines = differences(one, wanted[n]!, guest.run(one.before, one.code));
        return lines.length === 0
          ? []
          : [[`${titleOf(one)}, ${comparison.circumstances(one)}`, ...lines].join('\n    ')];
      });
      expect(wrong.slice(0, 20), `${wrong.length} of ${cases.length} differ`).toEqual([]);
    });
  });
}

function runOnHost(host: Host, cases: readonly HostCase[]): Image[] {
  const records = new Uint8Array(cases.length * IMAGE_BYTES);
  cases.forEach(({ before }, n) => {
    records.set(before.bytes, n * IMAGE_BYTES);
  });
  const answers = host.run(records);
  return cases.map((_, n) => new Image(new Uint8Array(answers.subarray(n * IMAGE_BYTES, (n + 1) * IMAGE_BYTES))));
}

function titleOf({ row, code }: HostCase): string {
  const bytes = [...code].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `${row.mnemonic} ${row.operands.join(',')} (${bytes})`;
}
