import { Machine } from '../../src/machine/machine.ts';
import type { Case } from './suite.ts';

const REPEAT = 1000;
const MiB = 2 ** 20;

/** Port accesses of a whole PC: nanoseconds per access. */
export function deviceCases(): Case[] {
  const { ports } = new Machine({ memory: 16 * MiB, icount: true }).pc;
  const times = (name: string, access: () => void): Case => ({
    group: 'devices',
    name,
    units: REPEAT,
    run: () => {
      for (let n = 0; n < REPEAT; n++) access();
    },
  });
  return [
    times('UART: read LSR', () => ports.read(0x3fd, 1)),
    times('UART: write SCR', () => ports.write(0x3ff, 1, 0x5a)),
    times('PIT: latch and read counter 0', () => {
      ports.write(0x43, 1, 0);
      ports.read(0x40, 1);
      ports.read(0x40, 1);
    }),
    times('PIC: read IMR', () => ports.read(0x21, 1)),
    times('RTC: read seconds', () => {
      ports.write(0x70, 1, 0);
      ports.read(0x71, 1);
    }),
    times('PM timer, 4 bytes', () => ports.read(0x608, 4)),
    times('PCI configuration, 4 bytes', () => {
      ports.write(0xcf8, 4, 0x80000000);
      ports.read(0xcfc, 4);
    }),
    times('POST code', () => ports.write(0x80, 1, 0)),
    times('port that nobody has', () => ports.read(0x1234, 1)),
  ];
}
