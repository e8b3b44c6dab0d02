import { describe, expect, test } from 'vitest';
import { Wire } from '../../test/support/wire.ts';
import { ManualClock } from '../bus/clock.ts';
import { Mc146818 } from './mc146818.ts';

function setup(start = '2024-02-28T23:59:58.000Z') {
  const clock = new ManualClock();
  const line = new Wire();
  const rtc = new Mc146818(clock, line, () => Date.parse(start));
  const get = (index: number) => {
    rtc.write(0, 1, index);
    return rtc.read(1, 1);
  };
  const put = (index: number, value: number) => {
    rtc.write(0, 1, index);
    rtc.write(1, 1, value);
  };
  const time = () => [9, 8, 7, 4, 2, 0].map((index) => get(index).toString(16).padStart(2, '0')).join(' ');
  return { clock, line, rtc, get, put, time };
}

describe('mc146818', () => {
  test('shows the wall clock in BCD and counts over the leap day', () => {
    const { clock, time, get } = setup();
    expect(time()).toBe('24 02 28 23 59 58');
    expect([get(0x32), get(6)]).toEqual([0x20, 4]);
    clock.advance(2e9);
    expect(time()).toBe('24 02 29 00 00 00');
    clock.advance(86_400e9);
    expect(time()).toBe('24 03 01 00 00 00');
  });

  test('carries the century', () => {
    const { clock, time, get } = setup('1999-12-31T23:59:59.500Z');
    clock.advance(0.6e9);
    expect(time()).toBe('00 01 01 00 00 00');
    expect(get(0x32)).toBe(0x20);
  });

  test('binary and 12-hour modes', () => {
    const { clock, get, put } = setup();
    put(0x0b, 0x84);
    for (const [index, value] of [
      [0, 59],
      [2, 59],
      [4, 0x80 | 11],
    ])
      put(index, value);
    put(0x0b, 0x04);
    clock.advance(1e9);
    expect([get(4), get(2), get(0)]).toEqual([12, 0, 0]);
    clock.advance(12 * 3600e9);
    expect(get(4)).toBe(0x8c);
  });

  test('UIP warns before an update, SET freezes the registers', () => {
    const { clock, get, put, time } = setup();
    expect(get(0x0a)).toBe(0x26);
    clock.advance(0.999e9);
    expect(get(0x0a)).toBe(0xa6);
    clock.advance(0.001e9);
    expect(get(0x0a)).toBe(0x26);
    put(0x0b, 0x82);
    clock.advance(10e9);
    expect(time()).toBe('24 02 28 23 59 59');
    put(0x0b, 0x02);
    clock.advance(1e9);
    expect(time()).toBe('24 02 29 00 00 00');
  });

  test('letting the divider go starts the next second half a second later', () => {
    const { clock, get, put } = setup();
    put(0x0a, 0x76);
    clock.advance(5e9);
    expect(get(0)).toBe(0x58);
    put(0x0a, 0x26);
    clock.advance(0.49e9);
    expect(get(0)).toBe(0x58);
    clock.advance(0.02e9);
    expect(get(0)).toBe(0x59);
  });

  test('dates that do not exist are kept and counted on, not repaired', () => {
    const { clock, put, time } = setup();
    put(0x0b, 0x82);
    for (const [index, value] of [
      [9, 0x23],
      [8, 0],
      [7, 0x31],
      [4, 0x23],
      [2, 0x59],
      [0, 0x98],
    ])
      put(index, value);
    expect(time()).toBe('23 00 31 23 59 98');
    put(0x0b, 0x02);
    clock.advance(1e9);
    expect(time()).toBe('23 01 01 00 00 00');
  });

  test('alarm with wildcards, update and register C', () => {
    const { clock, line, get, put } = setup();
    for (const [index, value] of [
      [1, 0x00],
      [3, 0xc0],
      [5, 0xff],
    ])
      put(index, value);
    get(0x0c);
    put(0x0b, 0x22);
    clock.advance(1e9);
    expect(line.level).toBe(false);
    clock.advance(1e9);
    expect(line.level).toBe(true);
    expect(get(0x0c)).toBe(0xf0);
    expect(line.level).toBe(false);
    expect(get(0x0c)).toBe(0);
    put(0x0b, 0x12);
    clock.advance(3e9);
    expect([line.rises, get(0x0c) & 0x90]).toEqual([2, 0x90]);
  });

  test('periodic interrupt at 1024 Hz, one a read of register C', () => {
    const { clock, line, get, put } = setup();
    put(0x0b, 0x42);
    get(0x0c);
    line.rises = 0;
    for (let i = 0; i < 1024; i++) {
      clock.advance(1e9 / 1024);
      if (line.level) get(0x0c);
    }
    expect(line.rises).toBe(1024);
    clock.advance(5e9);
    expect(line.rises).toBe(1025);
  });

  test('RESET# keeps time and RAM, drops enables and flags', () => {
    const { rtc, clock, line, get, put, time } = setup();
    put(0x40, 0xa5);
    put(0x0b, 0x72);
    clock.advance(1e9);
    rtc.reset();
    expect([line.level, get(0x0b), get(0x0c), get(0x40)]).toEqual([false, 0x02, 0, 0xa5]);
    expect(time()).toBe('24 02 28 23 59 59');
  });

  test('memory sizes stand where firmware looks', () => {
    const { rtc, get } = setup();
    const MiB = 1024 * 1024;
    rtc.setMemory({ belowFourGiB: 3072 * MiB, aboveFourGiB: 1024 * MiB });
    const word = (index: number) => get(index) | (get(index + 1) << 8);
    expect([word(0x15), word(0x17), word(0x30), word(0x34), word(0x5b), get(0x5d)]).toEqual([
      640,
      0xffff,
      0xffff,
      (3072 - 16) * 16,
      0x4000,
      0,
    ]);
  });

  test('the index port keeps the NMI mask', () => {
    const { rtc } = setup();
    rtc.write(0, 1, 0x8d);
    expect([rtc.nmiMasked, rtc.read(1, 1)]).toEqual([true, 0x80]);
  });
});
