import { describe, expect, test } from 'vitest';
import { Wire } from '../../../test/support/wire.ts';
import { ManualClock } from '../../bus/clock.ts';
import { AcpiPm } from './pm.ts';

function setup() {
  const clock = new ManualClock();
  const line = new Wire();
  const board = { off: 0 };
  const pm = new AcpiPm(clock, line, () => board.off++);
  pm.apm.write(0, 1, 0xf1);
  return { clock, line, pm, board };
}

describe('AcpiPm', () => {
  test('the timer counts 3.579545 MHz in 24 bits, at every width', () => {
    const { clock, pm } = setup();
    clock.advance(1e9);
    expect(pm.read(8, 4)).toBe(3_579_545);
    expect(pm.read(8, 2) | (pm.read(10, 2) << 16)).toBe(3_579_545);
    clock.advance(4e9);
    expect(pm.read(8, 4)).toBe((5 * 3_579_545) % 0x1000000);
  });

  test('TMR_STS follows the top bit and raises SCI when enabled', () => {
    const { clock, line, pm } = setup();
    pm.write(2, 2, 0x0001);
    clock.advance(2.3e9);
    expect([pm.read(0, 2), line.level]).toEqual([0, false]);
    clock.advance(0.1e9);
    expect([pm.read(0, 2), line.level]).toEqual([1, true]);
    pm.write(0, 2, 0x0001);
    expect([pm.read(0, 2), line.level]).toEqual([0, false]);
    clock.advance(2.4e9);
    expect(line.level).toBe(true);
  });

  test('the power button raises SCI in ACPI mode until its status is cleared', () => {
    const { line, pm } = setup();
    pm.apm.write(0, 1, 0xf0);
    pm.write(2, 2, 0x0100);
    pm.pressPowerButton();
    expect([pm.read(4, 2) & 1, line.level]).toEqual([0, false]);
    pm.apm.write(0, 1, 0xf1);
    expect([pm.read(4, 2) & 1, line.level]).toEqual([1, true]);
    pm.write(1, 1, 0x01);
    expect([pm.read(0, 2), line.level]).toEqual([0, false]);
  });

  test('SLP_EN with the S5 type powers off, other types do not', () => {
    const { pm, board } = setup();
    pm.write(4, 2, 0x2000 | (5 << 10));
    expect(board.off).toBe(0);
    pm.write(4, 2, 0x2001);
    expect([board.off, pm.read(4, 2)]).toEqual([1, 0x0001]);
  });
});
