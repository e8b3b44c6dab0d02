import {
  type Aml,
  device,
  dwordMemory,
  eisaId,
  integer,
  io,
  irq,
  name,
  packageOf,
  resources,
  scope,
  wordBusNumber,
  wordIo,
} from './aml.ts';
import { PM_BLOCK, S5_TYPE } from './pm.ts';

/** What the DSDT says about the board. */
export interface DsdtConfig {
  /** First port of the ACPI PM block. */
  readonly pmBase: number;
  /** Window in which the guest may place PCI memory BARs. */
  readonly pciMemory: { readonly first: number; readonly last: number };
  /** The 16550s, in order. */
  readonly serialPorts: readonly { readonly base: number; readonly irq: number }[];
  /** ISA IRQ of an INT pin (1-4) of a slot, as the firmware routes it. */
  readonly pciIrq: (slot: number, pin: number) => number;
}

const SLOTS = 32;
const ISA_BRIDGE = 0x0001_0000;

const isaDevice = (path: string, id: string, ...descriptors: Aml[]): Aml =>
  device(path, name('_HID', eisaId(id)), name('_CRS', resources(...descriptors)));

/** The body of the DSDT: S5, the PCI root with its routing, and the ISA devices that cannot be probed. */
export function dsdtBody(config: DsdtConfig): Uint8Array {
  const sleep = name('_S5', packageOf(integer(S5_TYPE), integer(S5_TYPE), integer(0), integer(0)));
  return Uint8Array.from([...sleep, ...scope('_SB', pciRoot(config))]);
}

const pciRoot = (config: DsdtConfig): Aml =>
  device(
    'PCI0',
    name('_HID', eisaId('PNP0A03')),
    name('_UID', integer(0)),
    name(
      '_CRS',
      resources(
        wordBusNumber({ first: 0, last: 255 }),
        io(0xcf8, 8),
        wordIo({ first: 0, last: 0xcf7 }),
        wordIo({ first: 0xd00, last: 0xffff }),
        dwordMemory({ first: 0xa0000, last: 0xbffff }, true),
        dwordMemory(config.pciMemory, false),
      ),
    ),
    name('_PRT', packageOf(...routing(config))),
    device('ISA', name('_ADR', integer(ISA_BRIDGE)), ...isaDevices(config)),
  );

/** Slot 0 is the host bridge; with four entries each, 31 slots stay below a package's 255. */
function routing({ pciIrq }: DsdtConfig): Aml[] {
  const entries: Aml[] = [];
  for (let slot = 1; slot < SLOTS; slot++) {
    for (let pin = 1; pin <= 4; pin++) {
      const address = slot * 0x10000 + 0xffff;
      entries.push(packageOf(integer(address), integer(pin - 1), integer(0), integer(pciIrq(slot, pin))));
    }
  }
  return entries;
}

function isaDevices({ pmBase, serialPorts }: DsdtConfig): Aml[] {
  return [
    isaDevice('PIC', 'PNP0000', io(0x20, 2), io(0xa0, 2), irq(2)),
    isaDevice('TIMR', 'PNP0100', io(0x40, 4), irq(0)),
    isaDevice('SPKR', 'PNP0800', io(0x61, 1)),
    isaDevice('RTC', 'PNP0B00', io(0x70, 2), irq(8)),
    isaDevice('KBD', 'PNP0303', io(0x60, 1), io(0x64, 1), irq(1)),
    isaDevice('MOU', 'PNP0F13', irq(12)),
    // Motherboard ports that no driver owns.
    isaDevice('MBRD', 'PNP0C02', io(0x80, 1), io(0x92, 1), io(0xb2, 2), io(0x4d0, 2), io(pmBase, PM_BLOCK.length)),
    ...serialPorts.map(({ base, irq: line }, index) =>
      device(
        `COM${index + 1}`,
        name('_HID', eisaId('PNP0501')),
        name('_UID', integer(index + 1)),
        name('_CRS', resources(io(base, 8), irq(line))),
      ),
    ),
  ];
}
