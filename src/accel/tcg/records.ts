import { Arena } from '../../memory/arena.ts';
import type { CodeTable } from './code-table.ts';
import { Functions } from './functions.ts';
import { type Handler, INFO, NUMBER_SHIFT, R, RECORD, WARM } from './record.ts';

/** Tables at one time; each costs more than a hundred records, so that the limit on records is met before. */
const TABLES = 65_536;
/** Records of one page lie together in runs of so many. */
export const RUN = 16;

/**
 * Owner of all predecoded instructions of a virtual CPU: one array of 32-bit words, 64 bytes a record, and by number
 * the tables and functions that records name. The array has its full size from the start; what is not used of it
 * takes no memory. Whoever drops a record diverts it to `stale`; its words are used again after a sweep, when nothing
 * leads to it any more.
 */
export class Records {
  readonly words: Int32Array;
  readonly functions = new Functions();
  /** By table number: 1 while the table is live. */
  readonly live: Uint8Array;
  /** By table number: high half of the instruction pointer. */
  readonly ipHighs: Int32Array;
  /** By table number: the mode that its records were translated for. */
  readonly modes: Int32Array;
  /** The first few targets of indirect jumps. */
  readonly targets = new Map<number, number[]>();
  /** Number 0 is the table of no record, number 1 that of WARM. */
  readonly #tables: (CodeTable | undefined)[] = [undefined, undefined];
  readonly #freeTables: number[] = [];
  readonly #freeRuns: number[] = [];
  /** STOP and WARM lie in the first run. */
  #fresh = RUN * RECORD;
  #stale = 0;

  /** `capacity`: how many records there can be, with those that wait for a sweep. Their memory comes from `arena`. */
  constructor(capacity: number, arena = new Arena()) {
    this.words = arena.takeWords((Math.ceil(capacity / RUN) + 1) * RUN * RECORD);
    arena.expectUse(this.words);
    const { buffer, byteOffset } = arena.take(TABLES);
    this.live = new Uint8Array(buffer, byteOffset, TABLES);
    this.ipHighs = arena.takeWords(TABLES);
    this.modes = arena.takeWords(TABLES);
    this.live[1] = 1;
    this.words[WARM + R.page] = 1;
    this.words[WARM + R.left] = -1;
    // Diverted already: it is no candidate for a region.
    this.words[WARM + R.code] = -1;
  }

  /** What runs for records that were dropped. */
  set stale(handler: Handler) {
    this.#stale = this.functions.codeOf(this.functions.add(handler));
  }

  /** Records in runs that are in use. */
  get used(): number {
    return this.#fresh / RECORD - (this.#freeRuns.length + 1) * RUN;
  }

  // ---- runs and tables ----

  /** Index of the first of RUN records, all words 0. */
  takeRun(): number {
    const free = this.#freeRuns.pop();
    if (free !== undefined) return free;
    const run = this.#fresh;
    if (run >= this.words.length) throw new Error('no room for predecoded instructions');
    this.#fresh += RUN * RECORD;
    return run;
  }

  freeRun(run: number): void {
    this.words.fill(0, run, run + RUN * RECORD);
    this.#freeRuns.push(run);
  }

  addTable(table: CodeTable, ipHigh: number, mode: number): number {
    const number = this.#freeTables.pop() ?? this.#tables.length;
    if (number >= TABLES) throw new Error('no room for tables of predecoded instructions');
    this.#tables[number] = table;
    this.ipHighs[number] = ipHigh;
    this.modes[number] = mode;
    return number;
  }

  freeTable(number: number): void {
    this.#tables[number] = undefined;
    this.#freeTables.push(number);
  }

  // ---- records ----

  pageOf(i: number): CodeTable {
    return this.#tables[this.words[i + R.page]!]!;
  }

  /** Whether what a record was made from is still known to be mapped; false for STOP. */
  isLive(i: number): boolean {
    return this.live[this.words[i + R.page]!] !== 0;
  }

  ipHigh(i: number): number {
    return this.ipHighs[this.words[i + R.page]!]!;
  }

  length(i: number): number {
    return this.words[i + R.info]! & INFO.LENGTH;
  }

  /** Entries by jumps: the word counts on beyond 31 bits. */
  heat(i: number): number {
    return this.words[i + R.heat]! >>> 0;
  }

  /** A flag of INFO. */
  is(i: number, flag: number): boolean {
    return (this.words[i + R.info]! & flag) !== 0;
  }

  mark(i: number, flag: number): void {
    this.words[i + R.info] = this.words[i + R.info]! | flag;
  }

  /** The record is `length` bytes of a table, with a function of its own. */
  fill(i: number, page: number, ip: number, length: number, own: number): void {
    const { words } = this;
    words[i + R.page] = page;
    words[i + R.ip] = ip;
    words[i + R.info] = words[i + R.info]! | length | (own << NUMBER_SHIFT);
    this.restore(i);
  }

  // ---- what runs ----

  /** Runs the instruction alone, also where a whole region begins with it. */
  runAlone(i: number): number {
    return this.functions.byNumber[this.words[i + R.info]! >>> NUMBER_SHIFT]!(i);
  }

  /** Another function runs for the record: a region. */
  divert(i: number, number: number): void {
    this.words[i + R.code] = this.functions.codeOf(number);
  }

  /** The record runs its own instruction again. */
  restore(i: number): void {
    this.words[i + R.code] = this.functions.codeOf(this.words[i + R.info]! >>> NUMBER_SHIFT);
  }

  isDiverted(i: number): boolean {
    return this.words[i + R.code]! >> NUMBER_SHIFT !== this.words[i + R.info]! >>> NUMBER_SHIFT;
  }

  /** The record's bytes are no longer there. */
  drop(i: number): void {
    this.words[i + R.code] = this.#stale;
  }

  isStale(i: number): boolean {
    return this.words[i + R.code] === this.#stale;
  }

  /** Nothing leads to the record any more. */
  clear(i: number): void {
    this.words.fill(0, i, i + RECORD);
  }

  /** Forgets the targets that were noted for, and that are, stale records. */
  sweepTargets(): void {
    for (const [i, targets] of this.targets) {
      if (this.isStale(i)) this.targets.delete(i);
      else
        this.targets.set(
          i,
          targets.filter((target) => !this.isStale(target)),
        );
    }
  }

  /** Notes where an indirect jump went. */
  noteTarget(i: number, target: number): void {
    if (this.is(i, INFO.TARGETS_FULL)) return;
    let targets = this.targets.get(i);
    if (targets === undefined) this.targets.set(i, (targets = []));
    if (!targets.includes(target)) targets.push(target);
    if (targets.length === TARGET_LIMIT) this.mark(i, INFO.TARGETS_FULL);
  }
}

/** So many targets of an indirect jump are remembered for regions. */
const TARGET_LIMIT = 48;
