/** What runs for one predecoded instruction; returns the record to run next, or STOP. */
export type Handler = (i: Rec) => Rec;

/**
 * One predecoded instruction: its handler and the numbers the handler's text reads. Register fields are
 * offsets in state words. Fields that an instruction does not use are 0.
 */
export class Rec {
  // In the order of use: what each run of the record reads shares its first cache line.
  /** Number of its arm in the interpreter's loop; 0: `h` is called. */
  arm = 0;
  h: Handler;
  /** The record behind this one; null behind a terminal until it is first needed. */
  next: Rec | null = null;
  ra = 0;
  rb = 0;
  imm = 0;
  base = 0;
  disp = 0;
  /** Instructions from here to the end of the block, this one included. */
  left = 0;
  /** Last target of a jump, good while its page is live. */
  link: Rec | null = null;
  /** The first few targets of an indirect jump. */
  targets: Rec[] | null = null;
  /** Times the block that begins here was entered by a jump. */
  heat = 0;
  dispHigh = 0;
  ipLow = 0;
  nextLow = 0;
  nextHigh = 0;
  immHigh = 0;
  index = 0;
  scale = 0;
  rc = 0;
  readonly page: CodeTable;
  readonly length: number;
  /** The instruction alone, also when `h` is a whole region that begins here. */
  plain: Handler;
  /** What was printed for the instruction. */
  form: { readonly handler: Handler; readonly arm: number; readonly endsBlock: boolean } | undefined;
  /** A breakpoint of the debugger is on it. */
  stops = false;
  /** A region with it accessed memory at addresses that are no multiples of the operand's size. */
  unaligned = false;

  constructor(h: Handler, page: CodeTable, length: number) {
    this.h = h;
    this.plain = h;
    this.page = page;
    this.length = length;
  }

  /** Another function runs for the record: a region, or what follows when its bytes changed. */
  divert(h: Handler): void {
    this.h = h;
    this.arm = 0;
  }

  /** The record runs its own instruction again. */
  restore(): void {
    this.h = this.plain;
    this.arm = this.form?.handler === this.plain ? this.form.arm : 0;
  }
}

/** Bytes of the longest instruction. */
export const LONGEST = 15;

/** The predecoded instructions of one page of code, as seen at one linear address in one mode. */
export class CodeTable {
  /** Page number in the RAM buffer. */
  readonly ramPage: number;
  readonly mode: number;
  /** Linear address of the page. */
  readonly linearLow: number;
  readonly linearHigh: number;
  /** CS base and limit that the instruction pointers in the records follow from. */
  readonly codeBase: number;
  readonly codeLimit: number;
  /** High half of the instruction pointer: 0 outside 64-bit mode. */
  readonly ipHigh: number;
  /** The linear page is known to be this RAM page, and to be executable in this mode. */
  live = false;
  /** For each byte of the page: index of the record that begins there, or 0. */
  readonly slots = new Int16Array(4096);
  /** Index 0 stays unused. */
  readonly records: Rec[];
  readonly #free: number[] = [];
  /** Epoch of the code cache in which the page was last looked up. */
  used = 0;

  constructor(
    ramPage: number,
    mode: number,
    linearLow: number,
    linearHigh: number,
    codeBase: number,
    codeLimit: number,
    none: Rec,
  ) {
    this.ramPage = ramPage;
    this.mode = mode;
    this.linearLow = linearLow;
    this.linearHigh = linearHigh;
    this.codeBase = codeBase;
    this.codeLimit = codeLimit;
    this.ipHigh = linearHigh;
    this.records = [none];
  }

  /** Records in the table. */
  get size(): number {
    return this.records.length - 1 - this.#free.length;
  }

  at(offset: number): Rec | undefined {
    const slot = this.slots[offset]!;
    return slot === 0 ? undefined : this.records[slot];
  }

  /** Records whose last byte lies before a record's first, whatever they lead to. */
  *before(record: Rec): Iterable<Rec> {
    const offset = (record.ipLow + this.codeBase) & 0xfff;
    for (let at = Math.max(0, offset - LONGEST); at < offset; at++) {
      const found = this.at(at);
      if (found !== undefined && at + found.length === offset) yield found;
    }
  }

  put(offset: number, record: Rec): void {
    const slot = this.#free.pop() ?? this.records.length;
    this.records[slot] = record;
    this.slots[offset] = slot;
  }

  /** Forgets the record at `offset`; its slot is used again. */
  remove(offset: number): void {
    const slot = this.slots[offset]!;
    if (slot === 0) return;
    this.slots[offset] = 0;
    this.records[slot] = this.records[0]!;
    this.#free.push(slot);
  }
}
