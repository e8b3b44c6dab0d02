import { readFileSync } from 'node:fs';
import { loadLibc } from '../../src/accel/kvm/ffi.ts';
import { type KvmSystem, openWith } from '../../src/accel/kvm/system.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import type { TestTier } from '../support/tiers.ts';
import { type Difference, differences, isSame } from './compare.ts';
import { type Expected, explain, type Trait } from './expected.ts';
import { makeCase, type RefereeCase, rowsOf } from './generate.ts';
import { type Image, NO_RESULT } from './image.ts';
import { KvmMachine } from './kvm-machine.ts';
import { SLOTS, WORLDS, type World } from './layout.ts';
import { ProcessMachine } from './process-machine.ts';
import { textOf } from './report.ts';
import type { Silicon } from './silicon.ts';
import { TcgMachine } from './tcg-machine.ts';

/** Cases that go to silicon at a time. */
const CHUNK = 16 * SLOTS;

/** Cases in which an expected difference must show itself. */
const MOST_SOUGHT = 40 * CHUNK;

const MOST_TRIES = 3;

/** A case that silicon and a tier do not agree on. */
export interface Failure {
  readonly one: RefereeCase;
  readonly tier: TestTier;
  readonly want: Image;
  readonly got: Image;
  readonly found: readonly Difference[];
}

export interface Totals {
  cases: number;
  /** Differences that went away when the case ran alone: something disturbed silicon, or it read its neighbours' code. */
  disturbed: number;
  readonly expected: Map<Expected, number>;
  readonly failures: Failure[];
  /** Milliseconds in each part. */
  readonly time: { make: number; silicon: number; tier: number; compare: number };
}

/** Silicon and tiers of one world. */
export class Court {
  readonly world: World;
  readonly silicon: Silicon;
  readonly traits: ReadonlySet<Trait>;
  readonly rows: readonly Row[];
  readonly #tiers = new Map<TestTier, TcgMachine>();
  readonly #release: () => void;

  constructor(world: World, silicon: Silicon, traits: Iterable<Trait>, release: () => void = () => {}) {
    this.world = world;
    this.silicon = silicon;
    this.traits = new Set(traits);
    this.rows = rowsOf(world);
    this.#release = release;
  }

  tier(name: TestTier): TcgMachine {
    let machine = this.#tiers.get(name);
    if (machine === undefined) this.#tiers.set(name, (machine = new TcgMachine(name, this.world)));
    return machine;
  }

  /** Runs cases `from` to `from + count` of a seed on silicon and on each tier. */
  run(seed: number, from: number, count: number, tiers: readonly TestTier[], rows = this.rows, most = 20): Totals {
    const totals: Totals = {
      cases: 0,
      disturbed: 0,
      expected: new Map(),
      failures: [],
      time: { make: 0, silicon: 0, tier: 0, compare: 0 },
    };
    if (rows.length === 0) return totals;
    for (let n = from; n < from + count && totals.failures.length < most; n += CHUNK) {
      const size = Math.min(CHUNK, from + count - n);
      const start = performance.now();
      const cases = Array.from({ length: size }, (_, i) => makeCase(seed, n + i, this.world, rows));
      const made = performance.now();
      const wanted = this.silicon.run(cases);
      totals.time.make += made - start;
      totals.time.silicon += performance.now() - made;
      for (const tier of tiers) this.#judge(cases, wanted, tier, totals);
    }
    return totals;
  }

  #judge(cases: readonly RefereeCase[], wanted: readonly Image[], tier: TestTier, totals: Totals): void {
    const machine = this.tier(tier);
    const start = performance.now();
    const got = machine.run(cases);
    if (machine.sweep() !== undefined) throw strayError(cases, machine);
    const ran = performance.now();
    totals.time.tier += ran - start;
    cases.forEach((one, n) => {
      if (!isSame(wanted[n]!, got[n]!)) this.#look(one, wanted[n]!, got[n]!, tier, totals);
    });
    totals.cases += cases.length;
    totals.time.compare += performance.now() - ran;
  }

  #look(one: RefereeCase, want: Image, got: Image, tier: TestTier, totals: Totals): void {
    const first = differences(one, want, got);
    if (first.length === 0) return;
    if (want.vector !== NO_RESULT && this.#expects(one, want, got, first, totals)) return;
    const again = this.#confirm(one, tier);
    if (again.found.length === 0) totals.disturbed++;
    else if (!this.#expects(one, again.want, again.got, again.found, totals)) totals.failures.push(again);
  }

  /** Runs a case alone until silicon agrees, a few times at most: hosts are disturbed now and then. */
  #confirm(one: RefereeCase, tier: TestTier): Failure {
    let again = this.retry(one, tier);
    for (let tries = 1; tries < MOST_TRIES && again.found.length > 0; tries++) again = this.retry(one, tier);
    return again;
  }

  #expects(one: RefereeCase, want: Image, got: Image, found: readonly Difference[], totals: Totals): boolean {
    const entry = explain(one, want, got, found, this.traits);
    if (entry === undefined) return false;
    totals.expected.set(entry, (totals.expected.get(entry) ?? 0) + 1);
    return true;
  }

  /** Runs a case alone, on silicon and on a tier. */
  retry(one: RefereeCase, tier: TestTier): Failure {
    const want = this.silicon.run([one])[0]!;
    const got = this.tier(tier).run([one])[0]!;
    return { one, tier, want, got, found: differences(one, want, got) };
  }

  /** True when the case still differs in a way that nothing explains. */
  fails(one: RefereeCase, tier: TestTier): boolean {
    const { want, got, found } = this.retry(one, tier);
    return found.length > 0 && explain(one, want, got, found, this.traits) === undefined;
  }

  /** Looks for a case that an entry explains. */
  shows(entry: Expected, seed: number): boolean {
    const rows = this.rows.filter(({ mnemonic }) => entry.rows.test(mnemonic));
    if (!(entry.on ?? []).every((trait) => this.traits.has(trait))) return false;
    for (let n = 0; n < MOST_SOUGHT; n += CHUNK) {
      if (this.run(seed, n, CHUNK, ['interp'], rows).expected.has(entry)) return true;
    }
    return false;
  }

  close(): void {
    this.silicon.close();
    this.#release();
  }
}

/** Why a world cannot be judged here, or who judges it. */
export type Opening = Court | string;

/** Opens a court for each world; a text says why there is none. */
export async function openCourts(): Promise<Map<World, Opening>> {
  const system = await openSystem();
  const courts = new Map<World, Opening>();
  for (const world of WORLDS) courts.set(world, openCourt(world, system));
  return courts;
}

async function openSystem(): Promise<KvmSystem | string> {
  try {
    return openWith(await loadLibc());
  } catch (error) {
    return (error as Error).message;
  }
}

function openCourt(world: World, system: KvmSystem | string): Opening {
  const maker = /AuthenticAMD/.test(readFileSync('/proc/cpuinfo', 'utf8')) ? 'amd' : 'intel';
  const native = typeof system !== 'string' && (world.code === 64 || (world.code === 32 && system.kind !== 'pvm'));
  if (typeof system !== 'string' && native) {
    const traits: Trait[] = system.kind === 'pvm' ? ['kvm', 'pvm', maker] : ['kvm', maker];
    return new Court(world, new KvmMachine(system, world), traits);
  }
  if (world.code === 64) return String(system);
  // Such a KVM emulates what is not 64-bit code: a process is nearer to the processor.
  try {
    return new Court(world, new ProcessMachine(world), ['process', maker]);
  } catch (error) {
    return `no 32-bit process: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** Names the case whose writes are compared with nothing. */
function strayError(cases: readonly RefereeCase[], machine: TcgMachine): Error {
  for (const one of cases) {
    machine.run([one]);
    const at = machine.sweep();
    if (at !== undefined)
      return new Error(`case ${one.number} (${textOf(one)}) wrote to ${at.toString(16)}, which is not compared`);
  }
  return new Error('a case wrote to memory that is not compared, but none did so alone');
}
