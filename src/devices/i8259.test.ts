import { describe, expect, test } from 'vitest';
import { PicPair } from './i8259.ts';

/** A pair set up as Linux does it: vectors 30h and 38h, slave at IR2. */
function pair(icw4 = 0x01): PicPair {
  const pic = new PicPair();
  for (const [chip, base, icw3] of [
    [pic.master, 0x30, 0x04],
    [pic.slave, 0x38, 0x02],
  ] as const) {
    chip.write(0, 1, 0x11);
    chip.write(1, 1, base);
    chip.write(1, 1, icw3);
    chip.write(1, 1, icw4);
  }
  return pic;
}

const EOI = 0x20;

describe('PicPair', () => {
  test('raises INTR for an edge, once, and gives the vector of the line', () => {
    const pic = pair();
    const seen: boolean[] = [];
    pic.onChange = (pending) => seen.push(pending);
    pic.lines(4).set(true);
    expect(pic.acknowledge()).toBe(0x34);
    expect(pic.pending).toBe(false);
    pic.master.write(0, 1, EOI);
    expect(pic.pending).toBe(false);
    expect(seen).toEqual([true, false]);
  });

  test('an interrupt of the slave needs an EOI at both chips', () => {
    const pic = pair();
    pic.lines(14).set(true);
    expect(pic.acknowledge()).toBe(0x3e);
    pic.lines(15).set(true);
    pic.lines(8).set(true);
    expect(pic.pending).toBe(false);
    pic.slave.write(0, 1, EOI);
    pic.master.write(0, 1, EOI);
    expect(pic.acknowledge()).toBe(0x38);
  });

  test('serves the higher priority inside the lower one, not the other way round', () => {
    const pic = pair();
    pic.lines(5).set(true);
    pic.acknowledge();
    pic.lines(7).set(true);
    expect(pic.pending).toBe(false);
    pic.lines(0).set(true);
    expect(pic.acknowledge()).toBe(0x30);
    pic.master.write(0, 1, 0x0b);
    expect(pic.master.read(0, 1)).toBe(0x21);
    pic.master.write(0, 1, EOI);
    pic.master.write(0, 1, 0x60 | 5);
    expect(pic.acknowledge()).toBe(0x37);
  });

  test('a level input asks again after EOI until the line falls', () => {
    const pic = pair();
    pic.elcr.write(1, 1, 0xff);
    expect(pic.elcr.read(0, 2)).toBe(0xde00);
    pic.lines(11).set(true);
    expect(pic.acknowledge()).toBe(0x3b);
    pic.slave.write(0, 1, EOI);
    pic.master.write(0, 1, EOI);
    expect(pic.acknowledge()).toBe(0x3b);
    pic.lines(11).set(false);
    pic.slave.write(0, 1, EOI);
    pic.master.write(0, 1, EOI);
    expect(pic.pending).toBe(false);
  });

  test('a request that has gone is acknowledged as IRQ 7 or 15 and is not in service', () => {
    const pic = pair();
    expect(pic.acknowledge()).toBe(0x37);
    pic.master.write(0, 1, 0x0b);
    expect(pic.master.read(0, 1)).toBe(0);
    pic.lines(12).set(true);
    pic.master.input(2, false);
    pic.master.input(2, true);
    pic.slave.input(4, false);
    pic.master.input(2, true);
    expect(pic.acknowledge()).toBe(0x3f);
    pic.slave.write(0, 1, 0x0b);
    expect(pic.slave.read(0, 1)).toBe(0);
  });

  test('the mask holds a request back without losing it', () => {
    const pic = pair();
    pic.master.write(1, 1, 0x10);
    pic.lines(4).set(true);
    expect(pic.pending).toBe(false);
    expect(pic.master.read(0, 1)).toBe(0x10);
    pic.master.write(1, 1, 0);
    expect(pic.pending).toBe(true);
  });

  test('special mask mode lets lower levels through a masked level in service', () => {
    const pic = pair();
    pic.lines(3).set(true);
    pic.acknowledge();
    pic.lines(6).set(true);
    pic.master.write(1, 1, 0x08);
    expect(pic.pending).toBe(false);
    pic.master.write(0, 1, 0x68);
    expect(pic.acknowledge()).toBe(0x36);
  });

  test('special fully nested mode lets the same slave interrupt itself, and only upwards', () => {
    const pic = pair(0x11);
    pic.lines(12).set(true);
    expect(pic.acknowledge()).toBe(0x3c);
    pic.lines(3).set(true);
    expect(pic.pending).toBe(false);
    pic.lines(9).set(true);
    expect(pic.acknowledge()).toBe(0x39);
  });

  test('automatic EOI leaves nothing in service, also with several requests of the slave', () => {
    const pic = pair(0x03);
    pic.lines(10).set(true);
    pic.lines(9).set(true);
    expect([pic.acknowledge(), pic.acknowledge()]).toEqual([0x39, 0x3a]);
    expect(pic.pending).toBe(false);
  });

  test('rotation on EOI makes the served level the last', () => {
    const pic = pair();
    pic.lines(4).set(true);
    pic.acknowledge();
    pic.master.write(0, 1, 0xa0);
    pic.lines(4).set(false);
    pic.lines(4).set(true);
    pic.lines(5).set(true);
    expect(pic.acknowledge()).toBe(0x35);
  });

  test('poll reads the level and takes it into service', () => {
    const pic = pair();
    pic.lines(6).set(true);
    pic.master.write(0, 1, 0x0c);
    expect(pic.master.read(0, 1)).toBe(0x86);
    pic.master.write(0, 1, 0x0c);
    expect(pic.master.read(0, 1) & 0x80).toBe(0);
  });

  test('ICW1 forgets edges, mask and service', () => {
    const pic = pair();
    pic.lines(4).set(true);
    pic.master.write(1, 1, 0xff);
    pic.master.write(0, 1, 0x13);
    pic.master.write(1, 1, 0x08);
    pic.master.write(1, 1, 0x01);
    expect([pic.master.read(1, 1), pic.master.read(0, 1)]).toEqual([0, 0]);
    pic.lines(4).set(false);
    pic.lines(4).set(true);
    expect(pic.acknowledge()).toBe(0x0c);
  });
});
