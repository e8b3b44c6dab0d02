import { describe, expect, test } from 'vitest';
import type { IoHandler } from '../../bus/device.ts';
import { IoSpace } from '../../bus/io-space.ts';
import { ResetControl } from '../reset-control.ts';
import { mapPorts } from './bar-mapping.ts';
import { I440fx, type PamSegment } from './i440fx.ts';
import { PciBus } from './pci-bus.ts';
import { PciFunction } from './pci-function.ts';
import { Piix3, pirqOf } from './piix3.ts';
import { Piix4Pm } from './piix4-pm.ts';

function setup() {
  const ports = new IoSpace();
  const resets: string[] = [];
  const bus = new PciBus({ cf9: new ResetControl((kind) => resets.push(kind)) });
  ports.map(0xcf8, 4, bus.address, 'pci address');
  ports.map(0xcfc, 4, bus.data, 'pci data');
  const select = (slot: number, fn: number, offset: number) =>
    ports.write(0xcf8, 4, (0x80000000 | (slot << 11) | (fn << 8) | (offset & 0xfc)) >>> 0);
  const read = (slot: number, fn: number, offset: number, size: 1 | 2 | 4) => {
    select(slot, fn, offset);
    return ports.read(0xcfc + (offset & 3), size);
  };
  const write = (slot: number, fn: number, offset: number, size: 1 | 2 | 4, value: number) => {
    select(slot, fn, offset);
    ports.write(0xcfc + (offset & 3), size, value);
  };
  return { ports, bus, resets, read, write };
}

const answering = (value: number): IoHandler => ({ read: () => value, write() {} });

describe('configuration mechanism #1', () => {
  test('finds what is there at each width, and nothing elsewhere', () => {
    const { ports, bus, read } = setup();
    bus.add(0, 0, new I440fx());
    bus.add(1, 0, new Piix3([]));
    expect(read(0, 0, 0, 4)).toBe(0x12378086);
    expect([read(1, 0, 2, 2), read(1, 0, 0x0b, 1), read(1, 0, 0x0e, 1)]).toEqual([0x7000, 0x06, 0x80]);
    expect([read(2, 0, 0, 4), read(1, 1, 0, 2), read(31, 7, 0, 1)]).toEqual([0xffffffff, 0xffff, 0xff]);
    ports.write(0xcf8, 4, 0x80010000);
    expect(ports.read(0xcfc, 4)).toBe(0xffffffff);
    ports.write(0xcf8, 4, 0x00000000);
    expect(ports.read(0xcfc, 4)).toBe(0xffffffff);
  });

  test('CF8h is seen as a dword only; CF9h is the reset control', () => {
    const { ports, resets } = setup();
    ports.write(0xcf8, 4, 0xffffffff);
    expect(ports.read(0xcf8, 4)).toBe(0x80fffffc);
    ports.write(0xcf8, 1, 0);
    ports.write(0xcf9, 1, 0x06);
    expect([ports.read(0xcf8, 4), resets]).toEqual([0x80fffffc, ['hard']]);
  });

  test('two functions at one place are refused by name', () => {
    const { bus } = setup();
    bus.add(0, 0, new I440fx());
    expect(() => bus.add(0, 0, new Piix3([]))).toThrow('PCI 0.0 of piix3 already belongs to i440fx');
  });
});

describe('BARs', () => {
  function withBar() {
    const board = setup();
    const moves: (number | undefined)[] = [];
    const map = mapPorts(board.ports, 32, answering(0x5a), 'card');
    board.bus.add(
      3,
      0,
      new PciFunction({
        name: 'card',
        vendor: 1,
        device: 2,
        classCode: 0x020000,
        interruptPin: 1,
        bars: [
          { kind: 'io', size: 32, onMap: map },
          { kind: 'memory', size: 0x1000, onMap: (base) => moves.push(base) },
        ],
      }),
    );
    return { ...board, moves };
  }

  test('size, place, move and switch off', () => {
    const { ports, read, write, moves } = withBar();
    write(3, 0, 0x10, 4, 0xffffffff);
    write(3, 0, 0x14, 4, 0xffffffff);
    expect([read(3, 0, 0x10, 4), read(3, 0, 0x14, 4)]).toEqual([0xffffffe1, 0xfffff000]);
    write(3, 0, 0x04, 2, 0x0003);
    expect(moves).toEqual([]);
    write(3, 0, 0x10, 4, 0xc000);
    write(3, 0, 0x14, 4, 0xfe000000);
    expect([ports.read(0xc01f, 1), moves]).toEqual([0x5a, [0xfe000000]]);
    write(3, 0, 0x11, 1, 0xd0);
    expect([ports.read(0xc000, 1), ports.read(0xd000, 1)]).toEqual([0xff, 0x5a]);
    write(3, 0, 0x04, 2, 0);
    expect([ports.read(0xd000, 1), moves]).toEqual([0xff, [0xfe000000, undefined]]);
  });

  test('a BAR over taken ports yields to them and comes back when it moves away', () => {
    const { ports, write } = withBar();
    ports.map(0x3f8, 8, answering(0x77), 'COM1');
    write(3, 0, 0x04, 2, 0x0001);
    write(3, 0, 0x10, 4, 0x3e0);
    expect([ports.read(0x3f8, 1), ports.read(0x3e0, 1)]).toEqual([0x77, 0xff]);
    write(3, 0, 0x10, 4, 0x1000);
    expect([ports.read(0x3f8, 1), ports.read(0x1000, 1)]).toEqual([0x77, 0x5a]);
  });

  test('identity and capabilities are read-only, status bits clear by writing ones', () => {
    const { read, write } = withBar();
    write(3, 0, 0x00, 4, 0xdeadbeef);
    write(3, 0, 0x06, 2, 0xffff);
    write(3, 0, 0x3d, 1, 0);
    expect([read(3, 0, 0, 4), read(3, 0, 6, 2), read(3, 0, 0x3d, 1)]).toEqual([0x00020001, 0x0200, 1]);
  });
});

test('i440FX tells which segments of the PAM area are DRAM', () => {
  const bridge = new I440fx();
  let told: PamSegment[] = [];
  bridge.onPam = (segments) => {
    told = segments;
  };
  bridge.writeConfig(0x59, 2, 0x3230);
  const at = (base: number) => told.find((segment) => segment.base === base);
  expect(at(0xf0000)).toEqual({ base: 0xf0000, length: 0x10000, read: true, write: true });
  expect(at(0xc4000)).toEqual({ base: 0xc4000, length: 0x4000, read: true, write: true });
  expect(at(0xc0000)).toMatchObject({ read: false, write: true });
  expect(told.reduce((sum, { length }) => sum + length, 0)).toBe(0x40000);
  told = [];
  bridge.writeConfig(0x72, 1, 0x4a);
  expect(told).toEqual([]);
});

test('PIIX3 routes, shares and re-routes its PIRQs', () => {
  const levels = Array.from({ length: 16 }, () => false);
  const piix3 = new Piix3(levels.map((_, irq) => ({ set: (level) => void (levels[irq] = level) })));
  const [card, other] = [piix3.intx(3, 1), piix3.intx(7, 1)];
  expect(pirqOf(3, 1)).toBe(pirqOf(7, 1));
  card.set(true);
  expect(levels).not.toContain(true);
  piix3.writeConfig(0x60 + pirqOf(3, 1), 1, 11);
  expect(levels[11]).toBe(true);
  other.set(true);
  card.set(false);
  expect(levels[11]).toBe(true);
  piix3.writeConfig(0x60 + pirqOf(3, 1), 1, 10);
  expect([levels[11], levels[10]]).toEqual([false, true]);
  piix3.writeConfig(0x60 + pirqOf(3, 1), 1, 0);
  expect(levels).not.toContain(true);
});

test('PIIX4 places the PM block and takes it away', () => {
  const places: (number | undefined)[] = [];
  const pm = new Piix4Pm((base) => places.push(base));
  pm.enable(0x600);
  pm.writeConfig(0x40, 4, 0xb000);
  pm.reset();
  expect(places).toEqual([0x600, 0xb000, undefined]);
  expect(pm.readConfig(0x40, 4)).toBe(1);
});
