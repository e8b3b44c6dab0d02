import type { CodeTable } from './code-table.ts';

/** The tables whose linear page is known to be mapped as when they were made, by whether a write to CR3 leaves them alone. */
export class LiveTables {
  #local: CodeTable[] = [];
  #global: CodeTable[] = [];
  /** Times that tables were retired together: a process that runs again in between has its own live once more. */
  retirements = 0;

  add(table: CodeTable, isGlobal: boolean): void {
    table.live = true;
    (isGlobal ? this.#global : this.#local).push(table);
  }

  /** The tables are live no more; global ones stay when `globals` is false. */
  retire(globals: boolean): void {
    this.retirements++;
    this.#retireAll(this.#local);
    if (globals) this.#retireAll(this.#global);
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
