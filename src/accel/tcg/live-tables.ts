import type { CodeTable } from './code-table.ts';

/** The tables whose linear page is known to be mapped as when they were made, by whether a write to CR3 leaves them alone. */
export class LiveTables {
  #local: CodeTable[] = [];
  #global: CodeTable[] = [];

  add(table: CodeTable, isGlobal: boolean): void {
    table.live = true;
    (isGlobal ? this.#global : this.#local).push(table);
  }

  /** The tables are live no more; global ones stay when `globals` is false. */
  retire(globals: boolean): void {
    retireAll(this.#local);
    if (globals) retireAll(this.#global);
  }

  /** Those of the page of `1 << shift` bytes around a linear address are live no more. */
  retirePage(low: number, shift: number): void {
    this.#local = outside(this.#local, low, shift);
    this.#global = outside(this.#global, low, shift);
  }
}

function retireAll(tables: CodeTable[]): void {
  for (const table of tables) table.live = false;
  tables.length = 0;
}

function outside(tables: readonly CodeTable[], low: number, shift: number): CodeTable[] {
  return tables.filter((table) => {
    if (table.linearLow >>> shift === low >>> shift) table.live = false;
    return table.live;
  });
}
