import { MODE } from '../../cpu/mode.ts';
import { type InvalidatedPages, isIn } from '../../mmu/contexts.ts';
import type { CodeTable } from './code-table.ts';

/** The tables that were live for a process-context identifier, by their linear addresses then. */
export interface SuspendedTables {
  readonly tables: readonly { readonly table: CodeTable; readonly linearLow: number; readonly linearHigh: number }[];
  /** Times that all tables had been retired. */
  readonly epoch: number;
}

/** The tables whose linear page is known to be mapped as when they were made, by whether a write to CR3 leaves them alone. */
export class LiveTables {
  #local: CodeTable[] = [];
  #global: CodeTable[] = [];
  #supervisorIsLocal = false;
  /** Times that all tables were retired. */
  #epoch = 0;
  /** Times that tables were retired together: a process that runs again in between has its own live once more. */
  retirements = 0;

  add(table: CodeTable, isGlobal: boolean): void {
    table.live = true;
    (isGlobal ? this.#global : this.#local).push(table);
    if (!isGlobal) this.noteLocal(table.mode);
  }

  /** Code of a mode depends on a page that a write to CR3 does not leave alone. */
  noteLocal(mode: number): void {
    if ((mode & MODE.USER) === 0) this.#supervisorIsLocal = true;
  }

  /** A write to CR3 does not leave all supervisor-mode code alone. */
  get supervisorIsLocal(): boolean {
    return this.#supervisorIsLocal;
  }

  /** The tables are live no more; global ones stay when `globals` is false. */
  retire(globals: boolean): void {
    this.retirements++;
    this.#retireAll(this.#local);
    this.#supervisorIsLocal = false;
    if (!globals) return;
    this.#retireAll(this.#global);
    this.#epoch++;
  }

  /** Retires all but global tables; what is given makes them live once more. */
  suspend(): SuspendedTables {
    const tables = this.#local.map((table) => ({ table, linearLow: table.linearLow, linearHigh: table.linearHigh }));
    this.retire(false);
    return { tables, epoch: this.#epoch };
  }

  /** False when none is live: all were retired since. Tables that moved since, and those of invalidated pages, stay retired. */
  resume({ tables, epoch }: SuspendedTables, invalidated: InvalidatedPages): boolean {
    if (epoch !== this.#epoch) return false;
    for (const { table, linearLow, linearHigh } of tables) {
      const stayed = table.linearLow === linearLow && table.linearHigh === linearHigh;
      if (stayed && !table.live && !isIn(invalidated, linearLow)) this.add(table, false);
    }
    return true;
  }

  /** Those of the page of `1 << shift` bytes around a linear address are live no more. */
  retirePage(low: number, shift: number): void {
    this.#local = this.#outside(this.#local, low, shift);
    this.#global = this.#outside(this.#global, low, shift);
  }

  #retireAll(tables: CodeTable[]): void {
    for (const table of tables) this.#retire(table);
    tables.length = 0;
  }

  #outside(tables: readonly CodeTable[], low: number, shift: number): CodeTable[] {
    return tables.filter((table) => {
      if (table.linearLow >>> shift === low >>> shift) this.#retire(table);
      return table.live;
    });
  }

  #retire(table: CodeTable): void {
    table.live = false;
    table.retired = this.retirements;
  }
}
