import { INT_END, INT_RELOAD_CR3, INT_SWAP } from './handlers.ts';
import { isPlain, keepsZero } from './instruction-maker.ts';
import { ItemMaker } from './item-maker.ts';
import * as at from './layout.ts';
import type { Item, Program, Section } from './program.ts';
import * as item from './program.ts';

const LARGEST = 1200;

/** The random program of a seed. */
export const generate = (seed: number): Program => new Generator(seed).program();

class Generator extends ItemMaker {
  readonly #seed: number;
  readonly #tables: number[][] = [];
  #cells = 0;
  #subroutines: number[] = [];
  readonly #overlayEntries: number[] = [];

  constructor(seed: number) {
    super(seed);
    this.#seed = seed;
  }

  program(): Program {
    const length = 10 + this.random(this.pick([40, 150, 400, 400, LARGEST]));
    this.#subroutines = Array.from({ length: 3 }, () => this.label());
    const subroutines = this.#subroutines.flatMap((label) => this.#subroutine(label));
    const [overlays, bridge] = this.#overlays();
    const main = [...this.pointers(6), ...this.#body(length), item.raw([0xcd, INT_END], 'end')];
    const start = at.CODE + at.PAGE - this.random(120);
    return {
      seed: this.#seed,
      world: this.world,
      sections: [{ at: start, items: [...main, ...subroutines] }, bridge, ...overlays],
      tables: this.#tables,
      hot: this.pick([1, 2, 3, 10]),
      slices: this.#slices(),
      interrupts: this.interrupts,
    };
  }

  #slices(): number[] {
    const most = this.pick([40, 300, 100_000]);
    return Array.from({ length: 5 }, () => 1 + this.random(most));
  }

  // ---- the shape of a program ----

  /** Chunks, each with a place to go on after a fault. */
  #body(length: number): Item[] {
    const items: Item[] = [];
    while (length > 0) {
      const next = this.label();
      const size = Math.min(length, 3 + this.random(14));
      items.push(item.recoverAt(at.RECOVERY, next));
      if (this.chance(2)) items.push(...this.pointers(1 + this.random(3)));
      if (this.chance(5)) items.push(...this.stackPointer());
      items.push(...this.#chunk(size, 0), item.mark(next));
      length -= size;
    }
    return items;
  }

  #chunk(length: number, depth: number): Item[] {
    const items: Item[] = [];
    for (let n = 0; n < length; n++) {
      const kind = this.random(40);
      if (kind < 4) items.push(...this.#skip(1 + this.random(4), depth));
      else if (kind < 6 && depth < 2) items.push(...this.#loop(1 + this.random(8), depth));
      else if (kind < 9 && depth === 0) items.push(...this.#hotLoop());
      else if (kind < 10) items.push(...this.#tightLoop());
      else if (kind < 12 && depth < 2 && this.#subroutines.length > 0) items.push(this.#call());
      else if (kind < 13 && depth < 2) items.push(...this.#switch());
      else if (kind < 14) items.push(...this.string());
      else if (kind < 17) items.push(...this.selfModifying());
      else if (kind < 18 && this.chance(2)) items.push(...this.system());
      else items.push(...this.instruction());
    }
    return items;
  }

  /** A forward jump over some items. */
  #skip(length: number, depth: number): Item[] {
    const past = this.label();
    const jump = this.chance(8) ? item.short(0xe3, past) : item.jcc(this.random(16), past);
    const body = this.#chunk(length, depth + 2);
    if (this.chance(3)) {
      const end = this.label();
      return [
        jump,
        ...body,
        item.jmp(end),
        item.mark(past),
        ...this.#chunk(1 + this.random(2), depth + 2),
        item.mark(end),
      ];
    }
    return [jump, ...body, item.mark(past)];
  }

  /** A loop that counts in memory; sometimes with a second way in or out. */
  #loop(length: number, depth: number): Item[] {
    const head = this.label();
    const out = this.label();
    const cell = at.COUNTERS + 4 * (this.#cells++ % 256);
    const setFlags = this.instruction();
    const inside = this.#chunk(length, depth + 1);
    const early = this.chance(3) ? [item.jcc(this.random(16), out)] : [];
    const middle = this.label();
    const enter = this.chance(5) ? [item.jcc(this.random(16), middle)] : [];
    return [
      item.setCell(cell, 1 + this.random(depth === 0 ? this.pick([4, 14, 60]) : 5)),
      ...setFlags,
      ...enter,
      item.mark(head),
      ...(this.chance(2) ? this.pointers(1) : []),
      ...inside,
      ...early,
      item.mark(middle),
      item.countDown(cell, this.random(3) as 0 | 1 | 2),
      ...(this.chance(3) ? this.instruction((row) => keepsZero(row)) : []),
      item.jcc(this.pick([5, 5, 15, 9]), head),
      item.mark(out),
    ];
  }

  /** A loop that runs long enough to be promoted, and now and then does what drops its code. */
  #hotLoop(): Item[] {
    const head = this.label();
    const past = this.label();
    const cell = at.COUNTERS + 4 * (this.#cells++ % 256);
    // What regions can hold whole, or anything.
    const plain = this.chance(2);
    const body = (): Item[] =>
      Array.from({ length: 1 + this.random(5) }, () => {
        const kind = this.random(12);
        if (kind === 0) return this.#skip(2, 2);
        if (kind === 1 && this.#subroutines.length > 0) return [this.#call()];
        if (kind === 2) return this.selfModifying(true);
        if (kind === 3) return this.#switch();
        return plain ? this.instruction(isPlain, [0, 2]) : this.instruction();
      }).flat();
    const [needs, event] = this.#event();
    return [
      item.setCell(cell, 10 + this.random(60)),
      ...this.pointers(3),
      item.mark(head),
      ...(this.chance(2) ? this.pointers(2) : []),
      ...body(),
      ...needs,
      item.testCell(cell, this.pick([3, 7, 15])),
      item.jcc(5, past),
      ...event(),
      item.mark(past),
      ...body(),
      item.countDown(cell, this.random(3) as 0 | 1 | 2),
      item.jcc(5, head),
    ];
  }

  /** What a hot loop does now and then, and what it does each time so that this matters. */
  #event(): [Item[], () => Item[]] {
    const kind = this.random(6);
    if (kind < 2) return [this.selfModifying(true), () => this.selfModifying()];
    if (kind === 2 && this.#subroutines.length > 0) {
      return [[item.call(this.pick(this.#overlayEntries))], () => [item.raw([0xcd, INT_SWAP], 'swap overlays')]];
    }
    if (kind === 3) return [[], () => [item.raw([0xcd, INT_RELOAD_CR3], 'reload cr3')]];
    return [[], () => (kind === 4 ? this.string() : this.stackPointer())];
  }

  /** LOOP with a body that leaves the counter alone. */
  #tightLoop(): Item[] {
    const head = this.label();
    const body = Array.from({ length: 1 + this.random(4) }, () => this.instruction(isPlain, [0, 2])).flat();
    return [
      item.raw(this.moveImmediate(1, 1 + this.random(30)), 'mov cx'),
      item.mark(head),
      ...body,
      item.short(0xe0 + this.random(3), head),
    ];
  }

  #call(): Item {
    if (!this.chance(3)) return item.call(this.pick(this.#subroutines));
    const table = this.#table(Array.from({ length: 4 }, () => this.pick(this.#subroutines)));
    return table === undefined ? item.call(this.#subroutines[0]!) : item.through(table, this.pick([0, 1, 2]), true);
  }

  #table(labels: number[]): number | undefined {
    if (this.#tables.length >= 24) return undefined;
    return this.#tables.push(labels) - 1;
  }

  /** Four short arms behind an indirect jump. */
  #switch(): Item[] {
    const arms = Array.from({ length: 4 }, () => this.label());
    const end = this.label();
    const table = this.#table(arms);
    if (table === undefined) return [];
    const items = [item.through(table, this.pick([0, 1, 2]), false)];
    for (const arm of arms) items.push(item.mark(arm), ...this.instruction(), item.jmp(end));
    return [...items, item.mark(end)];
  }

  #subroutine(label: number): Item[] {
    const body = this.#chunk(2 + this.random(8), 2);
    return [item.mark(label), ...body, item.raw([0xc3], 'ret')];
  }

  #plainSubroutine(label: number): Item[] {
    const body = Array.from({ length: 3 + this.random(4) }, () => this.instruction(isPlain, [0, 1, 2])).flat();
    return [item.mark(label), ...body, item.raw([0xc3], 'ret')];
  }

  /** Two versions of a page, and an instruction that begins on the page in front of them. */
  #overlays(): [Section[], Section] {
    const width = this.world.code === 16 ? [0x66] : [];
    const head = [...width, 0xb8, this.random(256)];
    const bridge = this.label();
    const section = { at: at.OVERLAY[0] - head.length, items: [item.mark(bridge), item.raw(head, 'mov eax, ...')] };
    const overlays = at.OVERLAY.map((place) => {
      const entry = this.label();
      this.#subroutines.push(entry, bridge);
      this.#overlayEntries.push(entry, bridge);
      this.targets.push({ label: entry, delta: -3 + this.random(3), size: 1 });
      const rest = [this.random(256), this.random(256), this.random(256)];
      return { at: place, items: [item.raw(rest, '...'), ...this.#plainSubroutine(entry)] };
    });
    this.targets.push({ label: bridge, delta: head.length - 1, size: 1 });
    return [overlays, section];
  }
}
