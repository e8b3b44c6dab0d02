import { describe, expect, test } from 'vitest';
import { Wire } from '../../test/support/wire.ts';
import { ManualClock } from '../bus/clock.ts';
import { Uart16550 } from './uart16550.ts';

const CHARACTER = Math.ceil(10e9 / 115_200);

function setup() {
  const clock = new ManualClock();
  const line = new Wire();
  const host = {
    sent: [] as number[],
    room: Number.POSITIVE_INFINITY,
    paused: false,
    receive: (_bytes: Uint8Array) => {},
    resume: () => {},
    write(byte: number) {
      this.sent.push(byte);
      return --this.room > 0;
    },
    onInput(receive: (bytes: Uint8Array) => void) {
      this.receive = receive;
    },
    onDrain(resume: () => void) {
      this.resume = resume;
    },
    pauseInput(paused: boolean) {
      this.paused = paused;
    },
  };
  const uart = new Uart16550('COM1', clock, line, host);
  const get = (offset: number) => uart.read(offset, 1);
  const put = (offset: number, value: number) => uart.write(offset, 1, value);
  put(3, 0x83);
  put(0, 1);
  put(1, 0);
  put(3, 0x03);
  put(4, 0x0b);
  const type = (text: string) => host.receive(new TextEncoder().encode(text));
  return { clock, line, host, uart, get, put, type };
}

describe('transmitter', () => {
  test('bytes leave at once and THRE stays set', () => {
    const { host, get, put } = setup();
    for (const byte of [1, 2, 3]) put(0, byte);
    expect([host.sent, get(5)]).toEqual([[1, 2, 3], 0x60]);
  });

  test('the THRE interrupt comes when enabled and after a byte, and goes with IIR', () => {
    const { line, get, put } = setup();
    put(1, 0x02);
    expect([line.level, get(2), line.level, get(2)]).toEqual([true, 0x02, false, 0x01]);
    put(0, 65);
    expect([line.level, get(2), get(2)]).toEqual([true, 0x02, 0x01]);
    put(1, 0x00);
    put(1, 0x02);
    expect(get(2)).toBe(0x02);
  });

  test('a full host holds THRE back until it drains; nothing that fits the FIFO is lost', () => {
    const { host, line, get, put } = setup();
    put(2, 0x01);
    put(1, 0x02);
    get(2);
    host.room = 1;
    for (let byte = 0; byte < 30; byte++) put(0, byte);
    expect([host.sent.length, get(5) & 0x60, line.level]).toEqual([1, 0, false]);
    host.room = 1000;
    host.resume();
    expect(host.sent).toEqual([...Array(17).keys()]);
    expect([get(5), line.level]).toEqual([0x60, true]);
  });

  test('a state saved while the host was full comes back able to send', () => {
    const { host, uart, put } = setup();
    put(1, 0x02);
    host.room = 1;
    put(0, 1);
    const saved = uart.save();
    const other = setup();
    other.uart.load(saved);
    expect([other.get(5), other.line.level]).toEqual([0x60, true]);
  });
});

describe('receiver', () => {
  test('a key press interrupts after the character timeout and below the trigger', () => {
    const { clock, line, get, put, type } = setup();
    put(2, 0x81);
    put(1, 0x01);
    type('x');
    expect([get(5) & 1, line.level]).toEqual([1, false]);
    clock.advance(4 * CHARACTER);
    expect([line.level, get(2), get(0), get(2), line.level]).toEqual([true, 0xcc, 0x78, 0xc1, false]);
  });

  test('the trigger level interrupts, and stops when the FIFO falls below it', () => {
    const { clock, get, put, type } = setup();
    put(2, 0x41);
    put(1, 0x01);
    type('abcde');
    clock.advance(4.5 * CHARACTER);
    get(0);
    expect(get(2)).toBe(0xc4);
    get(0);
    expect(get(2)).toBe(0xc1);
  });

  test('without FIFO one character waits and the rest follows', () => {
    const { clock, get, type } = setup();
    type('abc');
    const read: number[] = [];
    for (let i = 0; i < 10; i++) {
      if ((get(5) & 1) !== 0) read.push(get(0));
      clock.advance(CHARACTER);
    }
    expect([String.fromCharCode(...read), get(5) & 2]).toEqual(['abc', 0]);
  });

  test('a megabyte pasted at once arrives whole, in order, at the line rate', () => {
    const { clock, host, uart, get, put } = setup();
    put(2, 0xc1);
    const paste = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7) & 0xff);
    host.receive(paste);
    expect(host.paused).toBe(true);
    let at = 0;
    let wrong = 0;
    while (at < paste.length) {
      clock.advance(16 * CHARACTER);
      let burst = 0;
      for (; (get(5) & 1) !== 0; burst++) if (get(0) !== paste[at++]) wrong++;
      if (burst === 0 || burst > 40) throw new Error(`${burst} characters in 16 character times`);
    }
    expect([wrong, get(5) & 2, host.paused, uart.droppedInput]).toEqual([0, 0, false, 0]);
  });

  test('input beyond the bound is dropped and counted, not hoarded', () => {
    const { host, uart } = setup();
    for (let i = 0; i < 8; i++) host.receive(new Uint8Array(1 << 20));
    expect(uart.droppedInput).toBeGreaterThan(3 << 20);
  });

  test('clearing the FIFO and switching it drop what waits', () => {
    const { get, put, type } = setup();
    put(2, 0x01);
    type('x');
    put(2, 0x03);
    expect(get(5) & 1).toBe(0);
    type('y');
    put(2, 0x00);
    expect(get(5) & 1).toBe(0);
  });
});

describe('modem and loopback', () => {
  test('loopback returns characters and modem lines, and overruns only there', () => {
    const { host, get, put } = setup();
    put(2, 0x01);
    put(4, 0x1a);
    expect(get(6) & 0xf0).toBe(0x90);
    for (let i = 0; i < 18; i++) put(0, i);
    expect(get(5) & 0x03).toBe(0x03);
    expect(get(5) & 0x03).toBe(0x01);
    expect(Array.from({ length: 16 }, () => get(0))).toEqual([...Array(16).keys()]);
    expect(host.sent).toEqual([]);
  });

  test('MSR deltas interrupt, clear on read, and RI counts on its trailing edge', () => {
    const { line, get, put } = setup();
    put(1, 0x08);
    put(4, 0x18);
    expect([line.level, get(2), get(6), line.level]).toEqual([true, 0x00, 0x83, false]);
    put(4, 0x1c);
    expect(get(6)).toBe(0xc0);
    put(4, 0x18);
    expect(get(6)).toBe(0x84);
  });

  test('a break in loopback is a null character with BI', () => {
    const { get, put } = setup();
    put(1, 0x04);
    put(4, 0x18);
    put(3, 0x43);
    expect([get(2), get(5) & 0x1f, get(5) & 0x1f, get(0)]).toEqual([0x06, 0x11, 0x01, 0]);
  });

  test('line status comes before data, data before THRE, THRE before modem', () => {
    const { get, put } = setup();
    put(4, 0x1f);
    put(1, 0x0f);
    put(0, 1);
    put(0, 2);
    put(4, 0x1c);
    expect(get(2)).toBe(0x06);
    get(5);
    expect(get(2)).toBe(0x04);
    get(0);
    expect([get(2), get(2)]).toEqual([0x02, 0x00]);
  });

  test('without OUT2 the pin stays low', () => {
    const { line, put } = setup();
    put(4, 0x03);
    put(1, 0x02);
    expect(line.level).toBe(false);
    put(4, 0x0b);
    expect(line.level).toBe(true);
  });

  test('probes: IER keeps four bits, scratch all, divisor both bytes, IIR tells the FIFO', () => {
    const { get, put } = setup();
    put(1, 0xff);
    put(7, 0xa5);
    put(2, 0xe7);
    put(3, 0x83);
    put(0, 0x34);
    put(1, 0x12);
    expect([get(0), get(1)]).toEqual([0x34, 0x12]);
    put(3, 0x03);
    expect([get(1), get(7), get(2) & 0xc0]).toEqual([0x0f, 0xa5, 0xc0]);
  });
});
