import { MODE } from '../../cpu/mode.ts';
import { LONGEST, R, RECORD } from './record.ts';
import { type Records, RUN } from './records.ts';

/** What the records of a table have in common: a page of code, as seen at one linear address in one mode. */
export interface CodePlace {
  /** Page number in the RAM buffer. */
  readonly ramPage: number;
  readonly mode: number;
  /** Linear address of the page. */
  readonly linearLow: number;
  readonly linearHigh: number;
  /** CS base and limit that the instruction pointers in the records follow from. */
  readonly codeBase: number;
  readonly codeLimit: number;
}

/** The predecoded instructions of one page of code. */
export class CodeTable implements CodePlace {
  readonly ramPage: number;
  readonly mode: number;
  readonly linearLow: number;
  readonly linearHigh: number;
  readonly codeBase: number;
  readonly codeLimit: number;
  /** High half of the instruction pointer: 0 outside 64-bit mode. */
  readonly ipHigh: number;
  /** What the records call it. */
  readonly number: number;
  readonly #records: Records;
  /** For each byte of the page: 1 + the ordinal of the record that begins there, or 0. */
  readonly #slots = new Uint16Array(4096);
  readonly #runs: number[] = [];
  readonly #free: number[] = [];
  #filled = 0;
  /** Records that begin at a byte of the page. */
  size = 0;
  /** Epoch of the code cache in which the page was last looked up. */
  used = 0;

  constructor(records: Records, place: CodePlace) {
    this.ramPage = place.ramPage;
    this.mode = place.mode;
    this.linearLow = place.linearLow;
    this.linearHigh = place.linearHigh;
    this.codeBase = place.codeBase;
    this.codeLimit = place.codeLimit;
    this.ipHigh = place.linearHigh;
    this.#records = records;
    this.number = records.addTable(this, this.ipHigh, this.mode);
  }

  isAt({ mode, linearLow, linearHigh, codeBase, codeLimit }: Omit<CodePlace, 'ramPage'>): boolean {
    return (
      this.linearLow === linearLow &&
      this.linearHigh === linearHigh &&
      this.mode === mode &&
      this.codeBase === codeBase &&
      this.codeLimit === codeLimit
    );
  }

  /** The linear page is known to be this RAM page, and to be executable in this mode. */
  get live(): boolean {
    return this.#records.live[this.number] !== 0;
  }
  set live(value: boolean) {
    this.#records.live[this.number] = value ? 1 : 0;
  }

  /** High half of the instruction pointer behind an instruction at `ip`, whose low half is `next`. */
  highBehind(ip: number, next: number): number {
    const carry = (this.mode & MODE.CODE) === MODE.CODE_64 && next >>> 0 < ip >>> 0;
    return carry ? (this.ipHigh + 1) | 0 : this.ipHigh;
  }

  /** Linear address of the page behind; it wraps at 4 GiB where the upper half is 0. */
  pageBehind(): readonly [low: number, high: number] {
    const low = (this.linearLow + 4096) | 0;
    return [low, low === 0 && this.linearHigh !== 0 ? (this.linearHigh + 1) | 0 : this.linearHigh];
  }

  /** Records that its runs have room for. */
  get room(): number {
    return this.#runs.length * RUN;
  }

  #byOrdinal(ordinal: number): number {
    return this.#runs[Math.trunc(ordinal / RUN)]! + (ordinal % RUN) * RECORD;
  }

  /** The record that begins at a byte of the page; 0 for none. */
  at(offset: number): number {
    const slot = this.#slots[offset]!;
    return slot === 0 ? 0 : this.#byOrdinal(slot - 1);
  }

  /** A record of this table, all words 0. At `offset` in the page, unless it is glue. */
  take(offset?: number): number {
    let ordinal = this.#free.pop();
    if (ordinal === undefined) {
      ordinal = this.#filled;
      if (ordinal === this.room) this.#runs.push(this.#records.takeRun());
      this.#filled++;
    }
    if (offset !== undefined) {
      this.#slots[offset] = ordinal + 1;
      this.size++;
    }
    return this.#byOrdinal(ordinal);
  }

  /** No record begins at `offset` any more. */
  remove(offset: number): void {
    if (this.#slots[offset] === 0) return;
    this.#slots[offset] = 0;
    this.size--;
  }

  /** All records, with glue and those that wait for a sweep. */
  *all(): Iterable<number> {
    for (let ordinal = 0; ordinal < this.#filled; ordinal++) {
      const i = this.#byOrdinal(ordinal);
      if (this.#records.words[i + R.code] !== 0) yield i;
    }
  }

  /** Records whose last byte lies before a record's first, whatever they lead to. */
  *before(record: number): Iterable<number> {
    const offset = (this.#records.words[record + R.ip]! + this.codeBase) & 0xfff;
    for (let at = Math.max(0, offset - LONGEST); at < offset; at++) {
      const found = this.at(at);
      if (found !== 0 && at + this.#records.length(found) === offset) yield found;
    }
  }

  /** The words of stale records are used again. */
  sweep(): void {
    const records = this.#records;
    for (let ordinal = 0; ordinal < this.#filled; ordinal++) {
      const i = this.#byOrdinal(ordinal);
      if (!records.isStale(i)) continue;
      records.clear(i);
      this.#free.push(ordinal);
    }
  }

  /** The table and its records, all of them stale, are no more. */
  release(): void {
    for (const run of this.#runs) this.#records.freeRun(run);
    this.#runs.length = 0;
    this.live = false;
    this.#records.freeTable(this.number);
  }
}
