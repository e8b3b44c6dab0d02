import { describe, expect, test } from 'vitest';
import { Wire } from '../../test/support/wire.ts';
import { I8042 } from './i8042.ts';

function setup() {
  const board = {
    keyboardIrq: new Wire(),
    auxIrq: new Wire(),
    a20: new Wire(),
    resets: 0,
    onReset: () => void board.resets++,
  };
  const kbc = new I8042(board);
  kbc.reset();
  const command = (value: number, ...data: number[]) => {
    kbc.command.write(0, 1, value);
    for (const byte of data) kbc.data.write(0, 1, byte);
  };
  const status = () => kbc.command.read(0, 1);
  /** Everything the output buffer yields; bytes of the aux port are marked with 100h. */
  const drain = () => {
    const bytes: number[] = [];
    for (let s = status(); (s & 1) !== 0 && bytes.length < 100; s = status()) {
      bytes.push(kbc.data.read(0, 1) | ((s & 0x20) << 3));
    }
    return bytes;
  };
  return { board, kbc, command, status, drain };
}

describe('controller', () => {
  test('self test, interface tests and the system flag', () => {
    const { command, status, drain } = setup();
    expect(status() & 0x04).toBe(0);
    for (const value of [0xaa, 0xab, 0xa9]) command(value);
    expect(drain()).toEqual([0x55, 0x00, 0x00]);
    expect(status() & 0x04).toBe(0x04);
  });

  test('the command byte is read back and switches interfaces', () => {
    const { command, drain } = setup();
    command(0x60, 0x34);
    command(0x20);
    expect(drain()).toEqual([0x34]);
    command(0xae);
    command(0xa8);
    command(0x20);
    expect(drain()).toEqual([0x04]);
  });

  test("Linux's aux probe: loop, test, disable and enable show in the command byte", () => {
    const { command, drain } = setup();
    command(0xd3, 0x5a);
    expect(drain()).toEqual([0x15a]);
    command(0xa7);
    command(0x20);
    expect(drain()[0] & 0x20).toBe(0x20);
    command(0xa8);
    command(0x20);
    expect(drain()[0] & 0x20).toBe(0);
  });

  test('A20 through the output port, and reset by pulse and by output port', () => {
    const { board, command, drain } = setup();
    expect(board.a20.level).toBe(true);
    command(0xd1, 0xdd);
    expect(board.a20.level).toBe(false);
    command(0xd0);
    expect(drain()[0] & 0x03).toBe(0x01);
    command(0xd1, 0xdf);
    expect(board.a20.level).toBe(true);
    command(0xfe);
    command(0xd1, 0xfe);
    command(0xff);
    expect(board.resets).toBe(2);
  });
});

describe('keyboard', () => {
  test('answers reset, identify, LEDs and scan code set', () => {
    const { kbc, command, drain } = setup();
    command(0x60, 0x00);
    kbc.data.write(0, 1, 0xff);
    expect(drain()).toEqual([0xfa, 0xaa]);
    kbc.data.write(0, 1, 0xf2);
    expect(drain()).toEqual([0xfa, 0xab, 0x83]);
    for (const byte of [0xed, 0x05, 0xf0, 0x00]) kbc.data.write(0, 1, byte);
    expect(drain()).toEqual([0xfa, 0xfa, 0xfa, 0xfa, 0x02]);
    expect(kbc.keyboard.leds).toBe(5);
    kbc.data.write(0, 1, 0x00);
    expect(drain()).toEqual([0xfe]);
  });

  test('keys are translated to set 1 and interrupt once each byte', () => {
    const { board, kbc, drain } = setup();
    kbc.keyboard.key(0x1c, true);
    kbc.keyboard.key(0x1c, false);
    kbc.keyboard.key(0xe075, true);
    expect(drain()).toEqual([0x1e, 0x9e, 0xe0, 0x48]);
    expect([board.keyboardIrq.rises, board.keyboardIrq.level]).toEqual([4, false]);
  });

  test('a disabled interface holds the bytes; a full buffer drops keys, not answers', () => {
    const { kbc, command, drain } = setup();
    command(0xad);
    for (let i = 0; i < 1000; i++) kbc.keyboard.key(0x1c, i % 2 === 0);
    expect(drain()).toEqual([]);
    kbc.data.write(0, 1, 0xee);
    const bytes = drain();
    expect(bytes.length).toBeLessThan(30);
    expect(bytes.at(-1)).toBe(0xee);
  });
});

describe('mouse', () => {
  test('reset, identity, wheel knock and a packet', () => {
    const { board, kbc, command, drain } = setup();
    command(0x60, 0x47);
    const aux = (...bytes: number[]) => {
      for (const byte of bytes) command(0xd4, byte);
      return drain().map((byte) => byte - 0x100);
    };
    expect(aux(0xff)).toEqual([0xfa, 0xaa, 0x00]);
    expect(aux(0xf2)).toEqual([0xfa, 0x00]);
    for (const rate of [200, 100, 80]) expect([aux(0xf3), aux(rate)]).toEqual([[0xfa], [0xfa]]);
    expect(aux(0xf2)).toEqual([0xfa, 0x03]);
    expect(aux(0xe9)).toEqual([0xfa, 0x00, 0x02, 80]);
    aux(0xf4);
    board.auxIrq.rises = 0;
    kbc.mouse.move(5, -3, 1, 1);
    expect(drain()).toEqual([0x129, 0x105, 0x1fd, 0x1ff]);
    expect(board.auxIrq.rises).toBe(4);
  });

  test('motion that the host does not fetch adds up in bounds', () => {
    const { kbc, command, drain } = setup();
    command(0xd4, 0xf4);
    for (let i = 0; i < 10_000; i++) kbc.mouse.move(100, 100, 0, 0);
    expect(drain().length).toBeLessThan(40);
  });
});
