import type { IrqLine } from '../../src/bus/irq.ts';

/** A line that a device drives, for a look at its level. */
export class Wire implements IrqLine {
  level = false;
  /** Times that it went from low to high. */
  rises = 0;

  set(level: boolean): void {
    if (level && !this.level) this.rises++;
    this.level = level;
  }
}
