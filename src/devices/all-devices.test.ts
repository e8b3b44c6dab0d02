import { describe, expect, test } from 'vitest';
import { seeded } from '../../test/support/random.ts';
import { NULL_CHAR } from '../bus/backends.ts';
import { ManualClock } from '../bus/clock.ts';
import type { AccessSize, Device, IoHandler } from '../bus/device.ts';
import { UNCONNECTED } from '../bus/irq.ts';
import { AcpiPm } from './acpi/pm.ts';
import { PostCode } from './debug-ports.ts';
import { I8042 } from './i8042.ts';
import { I8254 } from './i8254.ts';
import { PicPair } from './i8259.ts';
import { Mc146818 } from './mc146818.ts';
import { I440fx } from './pci/i440fx.ts';
import { PciBus } from './pci/pci-bus.ts';
import type { PciFunction } from './pci/pci-function.ts';
import { Piix3 } from './pci/piix3.ts';
import { Piix4Pm } from './pci/piix4-pm.ts';
import { SystemControlPortB } from './port61.ts';
import { Port92 } from './port92.ts';
import { ResetControl } from './reset-control.ts';
import { Uart16550 } from './uart16550.ts';

interface Specimen {
  readonly device: Device;
  /** Each handler with its length in bytes. */
  readonly handlers: readonly (readonly [IoHandler, number])[];
  /** Reset leaves its registers alone. */
  readonly batteryBacked?: boolean;
  /** Something that happens to it from outside. */
  readonly poke?: (random: number) => void;
}

const configSpace = (device: PciFunction): Specimen => ({
  device,
  handlers: [
    [
      {
        read: (offset, size) => device.readConfig(offset, size),
        write: (offset, size, value) => device.writeConfig(offset, size, value),
      },
      256,
    ],
  ],
});

const SPECIMENS: Record<string, (clock: ManualClock) => Specimen> = {
  i8259: () => {
    const device = new PicPair();
    const poke = (random: number) => {
      device.lines(random & 15).set((random & 16) !== 0);
      if ((random & 32) !== 0) device.acknowledge();
    };
    return {
      device,
      poke,
      handlers: [
        [device.master, 2],
        [device.slave, 2],
        [device.elcr, 2],
      ],
    };
  },
  i8254: (clock) => {
    const device = new I8254(clock, UNCONNECTED);
    return { device, handlers: [[device, 4]], poke: (random) => device.setGate2((random & 1) !== 0) };
  },
  port61: (clock) => {
    const device = new SystemControlPortB(clock, new I8254(clock, UNCONNECTED));
    return { device, handlers: [[device, 1]] };
  },
  mc146818: (clock) => {
    const device = new Mc146818(clock, UNCONNECTED, () => 951_782_399_000);
    return { device, handlers: [[device, 2]], batteryBacked: true };
  },
  uart16550: (clock) => {
    let receive = (_bytes: Uint8Array) => {};
    const device = new Uart16550('COM1', clock, UNCONNECTED, {
      ...NULL_CHAR,
      onInput: (to) => {
        receive = to;
      },
    });
    return { device, handlers: [[device, 8]], poke: (random) => receive(new Uint8Array(random & 63).fill(random)) };
  },
  i8042: () => {
    const wire = UNCONNECTED;
    const device = new I8042({ keyboardIrq: wire, auxIrq: wire, a20: wire, onReset() {} });
    const poke = (random: number) => {
      device.keyboard.key(random & 0xff, (random & 256) !== 0);
      device.mouse.move(random % 300, -(random % 77), random % 9, random & 7);
    };
    return {
      device,
      poke,
      handlers: [
        [device.data, 1],
        [device.command, 1],
      ],
    };
  },
  port92: () => {
    const device = new Port92(UNCONNECTED, () => {});
    return { device, handlers: [[device, 1]] };
  },
  'reset-control': () => {
    const device = new ResetControl(() => {});
    return { device, handlers: [[device, 1]] };
  },
  'post-code': () => {
    const device = new PostCode(() => {});
    return { device, handlers: [[device, 1]] };
  },
  'acpi-pm': (clock) => {
    const device = new AcpiPm(clock, UNCONNECTED, () => {});
    return {
      device,
      poke: () => device.pressPowerButton(),
      handlers: [
        [device, 64],
        [device.apm, 2],
      ],
    };
  },
  pci: () => {
    const device = new PciBus({ cf9: { read: () => 0, write() {} } });
    return {
      device,
      handlers: [
        [device.address, 4],
        [device.data, 4],
      ],
    };
  },
  i440fx: () => configSpace(new I440fx()),
  piix3: () => configSpace(new Piix3(Array.from({ length: 16 }, () => UNCONNECTED))),
  'piix4-pm': () => configSpace(new Piix4Pm(() => {})),
};

const SIZES: readonly AccessSize[] = [1, 2, 4];

/** One random access or event; returns what was read. */
function step(specimen: Specimen, random: (below: number) => number): number {
  const [handler, length] = specimen.handlers[random(specimen.handlers.length)];
  const sizes = SIZES.filter((size) => size <= length);
  const size = sizes[random(sizes.length)];
  const offset = random(length - size + 1);
  const choice = random(8);
  if (choice === 7) specimen.poke?.(random(2 ** 32));
  else if (choice < 4) handler.write(offset, size, random(2 ** (8 * size)));
  else {
    const value = handler.read(offset, size);
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
      throw new Error(`a read of ${size} bytes at ${offset} gave ${value}`);
    }
    return value;
  }
  return -1;
}

describe.each(Object.entries(SPECIMENS))('%s', (_name, make) => {
  test('a saved state, loaded into a new device, behaves and saves the same', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [clock, otherClock] = [new ManualClock(), new ManualClock()];
      const [one, other] = [make(clock), make(otherClock)];
      const random = seeded(seed * 7919);
      for (let i = 0; i < 200; i++) {
        step(one, random);
        clock.advance(random(300_000));
      }
      otherClock.advance(clock.now());
      other.device.load(structuredClone(one.device.save()));
      expect(other.device.save()).toEqual(one.device.save());
      const [a, b] = [seeded(seed), seeded(seed)];
      for (let i = 0; i < 200; i++) {
        expect(step(other, a), `step ${i} of seed ${seed}`).toBe(step(one, b));
        clock.advance(100_000);
        otherClock.advance(100_000);
      }
      expect(other.device.save()).toEqual(one.device.save());
    }
  });

  test('reset undoes every write of the guest', () => {
    const fresh = make(new ManualClock());
    const used = make(new ManualClock());
    if (used.batteryBacked) return;
    const random = seeded(99);
    for (let i = 0; i < 500; i++) step({ ...used, poke: undefined }, random);
    used.device.reset();
    fresh.device.reset();
    expect(used.device.save()).toEqual(fresh.device.save());
  });

  test('random accesses and events neither throw nor leave a timer behind nor hoard memory', () => {
    const clock = new ManualClock();
    const specimen = make(clock);
    const random = seeded(0x2545f491);
    for (let i = 0; i < 20_000; i++) {
      step(specimen, random);
      const before = clock.nextDeadline;
      if (before < clock.now() - 1e9) throw new Error('a deadline more than a second in the past');
      if (i % 16 === 0) clock.advance(random(2_000_000));
      if (i % 5000 === 4999) specimen.device.reset();
    }
    expect(JSON.stringify(specimen.device.save()).length).toBeLessThan(4_000_000);
  });

  test('a state that does not fit is refused with an error that names the device', () => {
    const { device } = make(new ManualClock());
    const saved = device.save();
    const wrong = [undefined, null, 7, 'x', [], {}, saved instanceof Uint8Array ? saved.slice(1) : mutilate(saved)];
    for (const state of wrong) expect(() => device.load(state)).toThrow(/saved state: [\w-]+/);
  });
});

/** Gives the first field that is a number a value out of its range. */
function mutilate(state: unknown): unknown {
  const copy = structuredClone(state) as Record<string, unknown>;
  for (const [key, value] of Object.entries(copy)) {
    if (typeof value === 'number') return { ...copy, [key]: Number.NaN };
    if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      return { ...copy, [key]: Array.isArray(value) ? {} : mutilate(value) };
    }
  }
  return { ...copy, [Object.keys(copy)[0]]: -1 };
}
