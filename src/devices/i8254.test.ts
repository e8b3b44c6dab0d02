import { describe, expect, test } from 'vitest';
import { Wire } from '../../test/support/wire.ts';
import { ManualClock, TimerQueue } from '../bus/clock.ts';
import { I8254, PIT_HZ } from './i8254.ts';
import { SystemControlPortB } from './port61.ts';

const clocks = (count: number) => (count * 1e9) / PIT_HZ;

function setup() {
  const clock = new ManualClock();
  const line = new Wire();
  const pit = new I8254(clock, line);
  const program = (counter: number, mode: number, count: number) => {
    pit.write(3, 1, (counter << 6) | 0x30 | (mode << 1));
    pit.write(counter, 1, count & 0xff);
    pit.write(counter, 1, count >> 8);
    line.rises = 0;
  };
  const count = (counter: number) => {
    pit.write(3, 1, counter << 6);
    return pit.read(counter, 1) | (pit.read(counter, 1) << 8);
  };
  const status = (counter: number) => {
    pit.write(3, 1, 0xe0 | (2 << counter));
    return pit.read(counter, 1);
  };
  return { clock, pit, line, program, count, status };
}

describe('i8254', () => {
  test('mode 2 interrupts at the programmed rate without drift', () => {
    const { clock, line, program } = setup();
    program(0, 2, 1193);
    for (let i = 0; i < 1000; i++) clock.advance(1e6 + (i % 7));
    expect(line.rises).toBe(Math.floor((clock.now() * PIT_HZ) / 1e9 / 1193));
  });

  test('a one-shot shorter than the time that programming it takes still interrupts', () => {
    let now = 0;
    const queue = new TimerQueue(() => {
      now += 40_000;
      return now;
    });
    let rises = 0;
    const pit = new I8254(queue, { set: (level) => (rises += level ? 1 : 0) });
    for (const [port, value] of [
      [3, 0x38],
      [0, 15],
      [0, 0],
    ] as const)
      pit.write(port, 1, value);
    rises = 0;
    now += 1e6;
    queue.dispatch();
    expect(rises).toBe(1);
  });

  test('mode 3 holds OUT high and low for half a period each, the odd clock high', () => {
    const { clock, program, pit } = setup();
    const portB = new SystemControlPortB(clock, pit);
    portB.write(0, 1, 1);
    program(2, 3, 7);
    const wave: number[] = [];
    clock.advance(clocks(1) + 1);
    for (let i = 0; i < 14; i++) {
      wave.push((portB.read(0, 1) >> 5) & 1);
      clock.advance(clocks(1));
    }
    expect(wave.join('')).toBe('11110001111000');
  });

  test('mode 0 raises OUT once at the terminal count and counts on through FFFFh', () => {
    const { clock, line, program, count } = setup();
    program(0, 0, 100);
    clock.advance(clocks(100));
    expect([line.rises, line.level]).toEqual([0, false]);
    clock.advance(clocks(3));
    expect([line.rises, line.level]).toEqual([1, true]);
    expect(count(0)).toBeGreaterThan(0xfff0);
    clock.advance(clocks(200_000));
    expect(line.rises).toBe(1);
  });

  test('mode 4 strobes once per count', () => {
    const { clock, line, program } = setup();
    program(0, 4, 50);
    clock.advance(clocks(100_000));
    expect(line.rises).toBe(1);
    program(0, 4, 50);
    clock.advance(clocks(60));
    expect(line.rises).toBe(1);
  });

  test('modes 1 and 5 start at a rising gate', () => {
    const { clock, program, pit } = setup();
    program(2, 1, 20);
    clock.advance(clocks(100));
    expect(pit.out2).toBe(true);
    pit.setGate2(true);
    clock.advance(clocks(5));
    expect(pit.out2).toBe(false);
    clock.advance(clocks(30));
    expect(pit.out2).toBe(true);
    pit.setGate2(false);
    program(2, 5, 20);
    pit.setGate2(true);
    clock.advance(clocks(21) + 400);
    expect(pit.out2).toBe(false);
    clock.advance(clocks(1));
    expect(pit.out2).toBe(true);
  });

  test('gate low stops the count of mode 0, and restarts modes 2 and 3 from the top', () => {
    const { clock, program, pit, count } = setup();
    pit.setGate2(true);
    program(2, 0, 1000);
    clock.advance(clocks(101));
    pit.setGate2(false);
    const held = count(2);
    clock.advance(clocks(5000));
    expect(count(2)).toBe(held);
    pit.setGate2(true);
    clock.advance(clocks(100));
    expect(Math.abs(held - count(2) - 100)).toBeLessThanOrEqual(1);
    program(2, 2, 1000);
    clock.advance(clocks(500));
    pit.setGate2(false);
    expect(pit.out2).toBe(true);
    pit.setGate2(true);
    clock.advance(clocks(2));
    expect(count(2)).toBeGreaterThanOrEqual(998);
  });

  test('a new count of mode 2 waits for the end of the cycle and shows NULL COUNT until then', () => {
    const { clock, pit, line, program, status } = setup();
    program(0, 2, 1000);
    clock.advance(clocks(500));
    pit.write(0, 1, 2000 & 0xff);
    pit.write(0, 1, 2000 >> 8);
    expect(status(0)).toBe(0xf4);
    clock.advance(clocks(502));
    expect(line.rises).toBe(1);
    expect(status(0)).toBe(0xb4);
    clock.advance(clocks(1900));
    expect(line.rises).toBe(1);
    clock.advance(clocks(200));
    expect(line.rises).toBe(2);
  });

  test('BCD counts in decimal, 0 stands for 10000', () => {
    const { clock, pit, count } = setup();
    pit.write(3, 1, 0x35);
    pit.write(0, 1, 0);
    pit.write(0, 1, 0);
    clock.advance(clocks(2) + 1);
    expect(count(0)).toBe(0x9999);
    clock.advance(clocks(99));
    expect(count(0)).toBe(0x9900);
  });

  test('a latched count stays until read, a latched status comes first', () => {
    const { clock, pit, program } = setup();
    program(0, 2, 0x8000);
    clock.advance(clocks(1) + 1);
    pit.write(3, 1, 0xc2);
    pit.write(3, 1, 0x00);
    clock.advance(clocks(0x1000));
    expect([pit.read(0, 1), pit.read(0, 1), pit.read(0, 1)]).toEqual([0xb4, 0x00, 0x80]);
    expect(pit.read(0, 1) | (pit.read(0, 1) << 8)).toBeLessThan(0x7002);
  });

  test('a count of 1 does not keep the host busy', () => {
    for (const mode of [2, 3]) {
      const { clock, line, program } = setup();
      program(0, mode, 1);
      clock.advance(1e9);
      expect(line.rises).toBeGreaterThan(1000);
      expect(line.rises).toBeLessThan(21_000);
    }
  });

  test('after a long stop only a few late ticks are made up', () => {
    const clock = { time: 0 };
    let expire = () => {};
    let deadline = 0;
    let rises = 0;
    const pit = new I8254(
      {
        now: () => clock.time,
        timer(onExpire) {
          expire = onExpire;
          return { armed: true, deadline: 0, arm: (at) => (deadline = at), cancel() {} };
        },
      },
      { set: (level) => (rises += level ? 1 : 0) },
    );
    pit.write(3, 1, 0x34);
    pit.write(0, 2, 0);
    pit.write(0, 1, 1193 & 0xff);
    pit.write(0, 1, 1193 >> 8);
    rises = 0;
    clock.time = 10e9;
    let calls = 0;
    while (deadline <= clock.time && calls++ < 1000) expire();
    expect(rises).toBeGreaterThan(1);
    expect(rises).toBeLessThan(20);
  });
});

test('port 61h shows gate, speaker bit and a refresh toggle that moves', () => {
  const { clock, pit } = setup();
  const portB = new SystemControlPortB(clock, pit);
  portB.write(0, 1, 0xff);
  expect(portB.read(0, 1) & 0x0f).toBe(0x0f);
  expect(portB.speakerData).toBe(true);
  const before = portB.read(0, 1) & 0x10;
  clock.advance(15_085);
  expect(portB.read(0, 1) & 0x10).not.toBe(before);
});
