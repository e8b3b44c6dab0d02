import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emits, type TestTier } from '../support/tiers.ts';
import { EXPECTED, type Expected } from './expected.ts';
import { makeCase } from './generate.ts';
import { WORLDS, type World } from './layout.ts';
import { Court, type Opening, openCourts } from './referee.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';

const SEED = Number(process.env.REFEREE_SEED ?? 20);
/** Cases of each world. Compiling a region takes longer than running it. */
const CASES: readonly (readonly [TestTier, number])[] = [
  ['interp', 15_000],
  ['eval', 5_000],
  ['jit', 5_000],
];
/** Where the jit tier makes WebAssembly. */
const CASES_64: typeof CASES = [...CASES.slice(0, 2), ['jit', 4_000], ['js', 2_000]];

const courts: ReadonlyMap<World, Opening> = await openCourts();

describe.each(WORLDS)('$name code against the host processor', (world) => {
  const court = courts.get(world)!;
  const why = court instanceof Court ? '' : ` (skipped: ${court})`;

  it.skipIf(why !== '').each(world.code === 64 ? CASES_64 : CASES)(`%s: %i cases${why}`, (tier, cases) => {
    if (!(court instanceof Court)) throw new Error('no court');
    console.log(`seed ${SEED} (REFEREE_SEED)`);
    const totals = court.run(SEED, 0, cases, [tier], court.rows, 3);
    const [failure] = totals.failures;
    if (failure !== undefined) {
      const small = shrink(failure.one, (candidate) => court.fails(candidate, tier));
      expect.fail(report(court.retry(small, tier), SEED));
    }
    expect(totals.cases).toBe(cases);
    if (emits(tier)) expect(court.tier(tier).vcpu.regions!.stats.made).toBeGreaterThan(cases / 2);
    for (const entry of totals.expected.keys()) seen.add(entry);
  });
});

const seen = new Set<Expected>();
const open = [...courts.values()].filter((court) => court instanceof Court);

describe('expected differences', () => {
  const applies = ({ on = [], rare }: Expected): boolean =>
    rare !== true && open.some(({ traits }) => on.every((trait) => traits.has(trait)));

  const here = open.length > 0 ? EXPECTED.filter(applies) : EXPECTED;

  it.skipIf(open.length === 0).each(here)('is still there: $reason', (entry) => {
    expect(seen.has(entry) || open.some((court) => court.shows(entry, SEED))).toBe(true);
  });
});

describe('the referee itself', () => {
  let court: Court | undefined;
  beforeAll(() => {
    court = open.find(({ world }) => world.code === 64);
  });
  afterAll(() => {
    for (const one of open) one.close();
  });

  it('a number makes the same case each time', () => {
    const world = WORLDS[0]!;
    const rows = new Court(world, { name: 'none', run: () => [], close() {} }, []).rows;
    for (const n of [0, 17, 5000]) {
      const [a, b] = [0, 1].map(() => makeCase(SEED, n, world, rows));
      expect([a!.code, a!.before.bytes]).toEqual([b!.code, b!.before.bytes]);
    }
  });

  it.skipIf(open.length === 0)('finds a wrong result, shrinks its state and shows it', () => {
    if (court === undefined) return;
    const one = makeCase(
      SEED,
      court.rows.findIndex(({ opcode }) => opcode === '01'),
      court.world,
      court.rows,
    );
    const wrong = { ...one, code: Uint8Array.of(0x01, 0xd8), halts: false, address: undefined };
    const { want, got } = court.retry(wrong, 'interp');
    expect(got.gpr(0)).toBe(want.gpr(0));
    // Silicon that adds one too many.
    const liar = new Court(court.world, { ...silicon(court), run: (cases) => lie(court!, cases) }, ['kvm']);
    expect(liar.fails(wrong, 'interp')).toBe(true);
    const small = shrink(wrong, (candidate) => liar.fails(candidate, 'interp'));
    expect([0, 3].map((reg) => small.before.gpr(reg))).toEqual([0n, 0n]);
    const text = report(liar.retry(small, 'interp'), SEED);
    expect(text).toMatch(/add eax,ebx/);
    expect(text).toMatch(/^\* rax +0 +1 +0/m);
    expect(text).toContain(`--seed ${SEED} --case ${wrong.number}`);
  });
});

const silicon = (court: Court) => ({ name: court.silicon.name, close() {} });

function lie(court: Court, cases: Parameters<Court['silicon']['run']>[0]): ReturnType<Court['silicon']['run']> {
  return court.silicon.run(cases).map((image) => {
    image.setGpr(0, image.gpr(0) + 1n);
    return image;
  });
}
