import type { Decode } from '../../cpu/decode.ts';
import { KIND } from '../../cpu/flags.ts';
import type { Insn } from '../../cpu/insn.ts';
import { MODE } from '../../cpu/mode.ts';
import { FIELDS, FLAG, W } from '../../cpu/state.ts';
import type { Mmu } from '../../mmu/mmu.ts';
import { type Arm, GLUE } from './arm-printer.ts';
import { type CodeCache, recentAt } from './code-cache.ts';
import { CodeTable } from './code-table.ts';
import type { Environment } from './environment.ts';
import type { Forms } from './forms.ts';
import { HOT_FORMS } from './hot-forms.ts';
import type { Hotness } from './jit/hot.ts';
import { loopText } from './loop-text.ts';
import { GLUE_ARM, NUMBER_SHIFT, R, STOP } from './record.ts';
import type { Records } from './records.ts';

/** Runs records from this one on until one gives STOP. */
type Loop = (i: number) => void;

/** The record whose function was called last. */
export interface Running {
  rec: number;
}

/** So many records before the loop of a code size is worth its compilation. */
const WORTH = 200;
/** What decides the loop: code size and whether it is a program. */
const KEY = MODE.CODE | MODE.USER;
/** Modes of the examples, but for the ring: flat segments, and FS and GS with a base. */
const FLAT: Readonly<Record<number, number>> = {
  [MODE.CODE_32]: MODE.STACK_32 | (0xf << MODE.FLAT_SHIFT) | MODE.OPEN_FS | MODE.OPEN_GS,
  [MODE.CODE_64]: MODE.LMA | (0xf << MODE.FLAT_SHIFT),
};

interface Parts {
  readonly w: Int32Array;
  readonly mmu: Mmu;
  readonly decode: Decode;
  readonly forms: Forms;
  readonly code: CodeCache;
  readonly env: Environment;
  readonly records: Records;
  readonly hot: Hotness;
  readonly worth: number | undefined;
}

/** The interpreter's loops, for 32-bit and 64-bit code of kernels and of programs; each is made when its code is met. */
export class Loops {
  readonly #parts: Parts;
  readonly #table: Loop;
  readonly #loops: Loop[] = [];
  readonly #worth: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#worth = parts.worth ?? WORTH;
    const running = parts.env.names.running as Running;
    const { words, functions } = parts.records;
    const { byNumber } = functions;
    this.#table = (i) => {
      while (i !== STOP) {
        running.rec = i;
        i = byNumber[words[i]! >> NUMBER_SHIFT]!(i);
      }
    };
  }

  run(i: number): void {
    const { w, code } = this.#parts;
    const key = w[W.mode]! & KEY;
    const loop = this.#loops[key];
    if (loop !== undefined) loop(i);
    else if (code.records < this.#worth) this.#table(i);
    else (this.#loops[key] = this.#make(key))(i);
  }

  #make(key: number): Loop {
    const { forms, env, hot, code } = this.#parts;
    const examples = HOT_FORMS[key];
    const flat = FLAT[key & MODE.CODE];
    if (examples === undefined || flat === undefined) return this.#table;
    const arms = [GLUE, ...forms.armsOf(this.#decodeAll(examples, key | flat))];
    const { text, uses } = loopText(arms, hot(key));
    const loop = env.compile(text, uses) as Loop;
    this.#warm(loop, arms, hot(key));
    forms.numberArms(key, arms);
    code.formsChanged();
    return loop;
  }

  *#decodeAll(examples: string, mode: number): Iterable<Insn> {
    for (const hex of examples.trim().split(/\s+/)) {
      const bytes = Uint8Array.from(hex.match(/../g)!, (digits) => Number.parseInt(digits, 16));
      const insn = this.#parts.decode(bytes, 0, bytes.length, mode, 0, 0);
      if (insn === 'truncated') throw new Error(`${hex} is no whole instruction`);
      yield insn;
    }
  }

  /**
   * Runs each arm in several states before the loop is used: V8 would throw its optimised code away when it meets
   * something for the first time. Registers, and the memory that they point to, hold an address of that memory; all
   * is put back afterwards.
   */
  #warm(loop: Loop, arms: readonly Arm[], hot: number): void {
    const { w, mmu, records, code } = this.#parts;
    const { words: c, functions } = records;
    const ram = mmu.map.ram.i32.subarray(0, 1024);
    const savedState = w.slice();
    const savedRam = ram.slice();
    const savedRecent = code.recent.slice();
    const restoreTlb = mmu.tlb.lend();
    const table = new CodeTable(records, NOWHERE);
    table.live = true;
    // Two of them, or V8 would take the loop for one that calls the same function always.
    const ends = [functions.add(() => STOP), functions.add((i) => i & STOP)] as const;
    const [rec, end] = [table.take(), table.take()];
    c[rec + R.page] = c[end + R.page] = table.number;
    c[rec + R.next] = end;
    for (const [address, stored, flags] of STATES) {
      arms.forEach(({ indirect }, n) => {
        for (let n = 0; n < FIELDS.gpr.count * 2; n++) w[n] = n % 2 === 0 ? address : 0;
        // Elsewhere than to `end` an indirect jump must not go.
        for (let n = 0; n < ram.length; n++) ram[n] = n % 2 === 0 ? (indirect ? address : stored) : 0;
        w.fill(0, W.base, W.base + FIELDS.base.count * FIELDS.base.stride);
        w[W.flagKind] = flags === undefined ? KIND.SUB | 2 : KIND.EXPLICIT;
        w[W.flagA] = flags ?? 0;
        w[W.budget] = flags === 0 ? -1 : 0;
        w[W.budgetEnd] = 0;
        w[W.mode] = NOWHERE.mode;
        c[end + R.ip] = address;
        c[rec + R.link] = indirect && flags === undefined ? STOP : end;
        code.recent[recentAt(address)] = end;
        c[end + R.heat] = hot - 1;
        records.divert(end, ends[n & 1]!);
        c[rec + R.code] = functions.codeOf(ends[n & 1]!) | (GLUE_ARM + n);
        loop(rec);
      });
    }
    table.release();
    for (const number of ends) functions.remove(number);
    restoreTlb();
    code.recent.set(savedRecent);
    ram.set(savedRam);
    w.set(savedState);
  }
}

/** A page of no code. */
const NOWHERE = { ramPage: 0, mode: 0, linearLow: 0, linearHigh: 0, codeBase: 0, codeLimit: 0 };

/**
 * An offset in the first page of RAM that stays there when doubled, what is stored there, flags (undefined: those of a
 * comparison). Between them each `if` of the arms goes both ways: shift counts that are 0 and are not, values that are
 * equal and are not, bits to be found, conditions.
 */
const STATES: readonly (readonly [address: number, stored: number, flags: number | undefined])[] = [
  [0x400, 0x400, undefined],
  [0x408, 0x408, 0],
  [0x408, 0x400, FLAG.ARITH],
  [0x400, 0x408, FLAG.SF],
  [0x408, 0x408, undefined],
  [0x400, 0x400, 0],
  [0, 0, undefined],
];
