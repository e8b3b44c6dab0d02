import { MODE } from '../../cpu/mode.ts';
import { INFO, LONGEST, R, RECORD } from './record.ts';
import { type Records, RUN } from './records.ts';

const LINE_SHIFT = 6;
const LINE = 1 << LINE_SHIFT;
/** Lines of a page. */
const LINES = 4096 / LINE;
/** Lines that there is room for at first. */
const FIRST_LINES = 7;

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
  linearLow: number;
  linearHigh: number;
  readonly codeBase: number;
  readonly codeLimit: number;
  /** What the records call it. */
  readonly number: number;
  readonly #records: Records;
  /**
   * The first LINES words: where the slots of 64 bytes of the page begin in the same array, or 0 while no record begins
   * there. A slot is 1 + the ordinal of the record that begins at the byte, or 0.
   */
  #slots = new Uint16Array(LINES + FIRST_LINES * LINE);
  /** Words of it that are given out. */
  #given = LINES;
  readonly #runs: number[] = [];
  readonly #free: number[] = [];
  #filled = 0;
  /** Records that begin at a byte of the page. */
  size = 0;
  /** Epoch of the code cache in which the page was last looked up. */
  used = 0;
  /** How often translations had been dropped when the table was live for the last time. */
  retired = 0;
  /** Its records are right at this linear address alone. */
  stays = false;
  /** Where it was before it moved. */
  #before: { readonly linearLow: number; readonly linearHigh: number } | undefined;
  /** Those that move when it does, itself included; undefined while it is alone. */
  group: Set<CodeTable> | undefined;

  constructor(records: Records, place: CodePlace) {
    this.ramPage = place.ramPage;
    this.mode = place.mode;
    this.linearLow = place.linearLow;
    this.linearHigh = place.linearHigh;
    this.codeBase = place.codeBase;
    this.codeLimit = place.codeLimit;
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

  /** It was at this linear address before it moved. */
  wasAt({ linearLow, linearHigh }: Pick<CodePlace, 'linearLow' | 'linearHigh'>): boolean {
    return this.#before?.linearLow === linearLow && this.#before.linearHigh === linearHigh;
  }

  /** As far as is known, the other one's records stay as far away as they are. */
  movesWith(other: CodeTable): boolean {
    return other === this || (this.group !== undefined && other.group === this.group);
  }

  /** High half of the instruction pointer: 0 outside 64-bit mode. */
  get ipHigh(): number {
    return this.linearHigh;
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
    const slots = this.#slots;
    const line = slots[offset >>> LINE_SHIFT]!;
    if (line === 0) return 0;
    const slot = slots[line + (offset & (LINE - 1))]!;
    return slot === 0 ? 0 : this.#byOrdinal(slot - 1);
  }

  #setSlot(offset: number, slot: number): void {
    const at = offset >>> LINE_SHIFT;
    if (this.#slots[at] === 0) {
      if (this.#given === this.#slots.length) {
        const more = new Uint16Array(Math.min(LINES + LINES * LINE, LINES + 2 * (this.#given - LINES)));
        more.set(this.#slots);
        this.#slots = more;
      }
      this.#slots[at] = this.#given;
      this.#given += LINE;
    }
    this.#slots[this.#slots[at]! + (offset & (LINE - 1))] = slot;
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
      this.#setSlot(offset, ordinal + 1);
      this.size++;
    }
    return this.#byOrdinal(ordinal);
  }

  /** No record begins at `offset` any more. */
  remove(offset: number): void {
    if (this.at(offset) === 0) return;
    this.#setSlot(offset, 0);
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

  /** The page is seen so many bytes higher, at most 2^63 and a multiple of 4096: 64-bit code alone. */
  moveBy(low: number, high: number): void {
    const { words, ipHighs } = this.#records;
    const { linearLow, linearHigh } = this;
    this.#before = { linearLow, linearHigh };
    [this.linearLow, this.linearHigh] = sum(this.linearLow, this.linearHigh, low, high);
    ipHighs[this.number] = this.linearHigh;
    const move = (at: number, atHigh: number): void => {
      [words[at], words[atHigh]] = sum(words[at]!, words[atHigh]!, low, high);
    };
    for (const i of this.all()) {
      words[i + R.ip] = (words[i + R.ip]! + low) | 0;
      const info = words[i + R.info]!;
      if ((info & INFO.RELATIVE_IMM) !== 0) move(i + R.imm, i + R.immHigh);
      if ((info & INFO.RELATIVE_DISP) !== 0) move(i + R.disp, i + R.dispHigh);
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
    this.group?.delete(this);
    this.#records.freeTable(this.number);
  }
}

/** Of numbers of 64 bits in halves. */
export function sum(low: number, high: number, addedLow: number, addedHigh: number): [low: number, high: number] {
  const lower = (low + addedLow) | 0;
  return [lower, (high + addedHigh + (lower >>> 0 < low >>> 0 ? 1 : 0)) | 0];
}
