import { MODE } from '../../cpu/mode.ts';
import { type CodePlace, type CodeTable, sum } from './code-table.ts';
import type { LiveTables } from './live-tables.ts';

/** A table that was not live for so many retirements belongs to a process that ended or sleeps. */
const IDLE = 16;
/** Nothing moves for so many retirements when a process came back whose tables had been given away: it gets others. */
const PAUSE = 256;
/**
 * Upper halves of addresses that tables move from and to: what lies within 2 GiB of them is not 0, and is canonical in any
 * program's half.
 */
const HIGHS = { from: 1, to: 0x7ffe } as const;

/** A table with others was given another linear address: so many bytes were added. */
export interface Move {
  readonly tables: ReadonlySet<CodeTable>;
  readonly low: number;
  readonly high: number;
}

/**
 * Gives what was made of a program's code to the next process, which has the same pages of RAM at other linear addresses.
 * A record's link to another one is followed as long as that one's table is live: wherever tables are linked so, they move
 * together, and stay as far from each other as they were. Only code of 64 bits in ring 3 moves.
 */
export class MovingTables {
  readonly #byPage: ReadonlyMap<number, readonly CodeTable[]>;
  readonly #live: LiveTables;
  /** Told of each move, after it. */
  onMove: (move: Move) => void = () => {};
  /** Since power-on. */
  moves = 0;
  /** Off where somebody holds on to linear addresses: the debugger. */
  enabled = true;
  #pausedUntil = 0;

  /** `byPage`: all tables, by RAM page. */
  constructor(byPage: ReadonlyMap<number, readonly CodeTable[]>, live: LiveTables) {
    this.#byPage = byPage;
    this.#live = live;
  }

  /** A record of one of the tables was linked with one of the other. */
  join(one: CodeTable, other: CodeTable): void {
    if (one.movesWith(other) || (!isMovable(one) && !isMovable(other))) return;
    const [into, from] = [one.group ?? new Set([one]), other.group ?? new Set([other])];
    const [large, small] = into.size < from.size ? [from, into] : [into, from];
    for (const table of small) large.add(table);
    for (const table of small) table.group = large;
    one.group = other.group = large;
  }

  /** A table of the RAM page that is at this place now, if an idle one could be moved there: the one idle for longest. */
  move(ramPage: number, place: Omit<CodePlace, 'ramPage'>): CodeTable | undefined {
    if (!this.enabled || !isMovable(place)) return undefined;
    const now = this.#live.retirements;
    let best: { readonly table: CodeTable; readonly move: Move } | undefined;
    let longest = IDLE - 1;
    for (const table of this.#byPage.get(ramPage) ?? []) {
      if (table.mode !== place.mode) continue;
      if (table.wasAt(place)) this.#pausedUntil = now + PAUSE;
      const [low, high] = sum(place.linearLow, place.linearHigh, ...negated(table.linearLow, table.linearHigh));
      const tables = table.group ?? new Set([table]);
      const idle = this.#idle(tables);
      if (idle <= longest || !this.#fits(tables, low, high)) continue;
      longest = idle;
      best = { table, move: { tables, low, high } };
    }
    if (best === undefined || now < this.#pausedUntil) return undefined;
    const { table, move } = best;
    for (const each of move.tables) each.moveBy(move.low, move.high);
    this.moves++;
    this.onMove(move);
    return table;
  }

  /** Retirements since one of the tables was live. */
  #idle(tables: ReadonlySet<CodeTable>): number {
    let last = 0;
    for (const { live, retired } of tables) {
      if (live) return 0;
      if (retired > last) last = retired;
    }
    return this.#live.retirements - last;
  }

  /** The tables may be where they are and where they would be, and no others are there. */
  #fits(tables: ReadonlySet<CodeTable>, low: number, high: number): boolean {
    for (const table of tables) {
      const { ramPage, mode, codeBase, codeLimit, stays } = table;
      const [linearLow, linearHigh] = sum(table.linearLow, table.linearHigh, low, high);
      const place = { mode, codeBase, codeLimit, linearLow, linearHigh };
      if (stays || !isMovable(table) || !isMovable(place)) return false;
      if (this.#byPage.get(ramPage)?.some((other) => other.isAt(place)) === true) return false;
    }
    return true;
  }
}

const isMovable = ({ mode, linearHigh }: Pick<CodePlace, 'mode' | 'linearHigh'>): boolean =>
  (mode & (MODE.CODE | MODE.USER)) === (MODE.CODE_64 | MODE.USER) && linearHigh >= HIGHS.from && linearHigh <= HIGHS.to;

const negated = (low: number, high: number): [low: number, high: number] => sum(~low, ~high, 1, 0);
