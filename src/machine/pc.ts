import type { CharBackend } from '../bus/backends.ts';
import type { TimerQueue } from '../bus/clock.ts';
import type { Device } from '../bus/device.ts';
import { IoSpace } from '../bus/io-space.ts';
import { AcpiPm, PM_BLOCK } from '../devices/acpi/pm.ts';
import { acpiTables } from '../devices/acpi/tables.ts';
import { debugConsole, debugExit, PostCode } from '../devices/debug-ports.ts';
import { I8042 } from '../devices/i8042.ts';
import { I8254 } from '../devices/i8254.ts';
import { PicPair } from '../devices/i8259.ts';
import { Mc146818 } from '../devices/mc146818.ts';
import { OrGate } from '../devices/or-gate.ts';
import { mapPorts } from '../devices/pci/bar-mapping.ts';
import { I440fx } from '../devices/pci/i440fx.ts';
import { PciBus } from '../devices/pci/pci-bus.ts';
import { Piix3, pirqOf } from '../devices/pci/piix3.ts';
import { Piix4Pm } from '../devices/pci/piix4-pm.ts';
import { SystemControlPortB } from '../devices/port61.ts';
import { Port92 } from '../devices/port92.ts';
import { ResetControl } from '../devices/reset-control.ts';
import { Uart16550 } from '../devices/uart16550.ts';
import { AddressMap } from '../memory/address-map.ts';
import type { GuestRam } from '../memory/ram.ts';
import { EXTENDED_BASE, HIGH_RAM_BASE, type MemoryLayout } from './boot/memory-layout.ts';

/** What the board asks of the machine that it is in. */
export interface PcEvents {
  /** The guest resets the machine. Called from inside an access: must only take note. */
  readonly onReset: (why: string) => void;
  readonly onPowerOff: () => void;
  /** isa-debug-exit: QEMU's exit status, `value << 1 | 1`. */
  readonly onDebugExit: (status: number) => void;
  readonly onA20: (enabled: boolean) => void;
  readonly onInterrupt: (pending: boolean) => void;
}

export interface PcConfig {
  readonly layout: MemoryLayout;
  readonly clock: TimerQueue;
  /** Milliseconds since 1970, for the RTC. */
  readonly wallClock: () => number;
  readonly serial: readonly CharBackend[];
  readonly debugcon: (byte: number) => void;
  /** Where guest memory comes from: zeroed bytes of RAM and ROM. */
  readonly allocate: (size: number, romSize: number) => GuestRam;
  /** Firmware image, a multiple of 64 KiB; it ends at 4 GiB and at 1 MiB. */
  readonly rom: Uint8Array | undefined;
}

const COM_PORTS = [
  { base: 0x3f8, irq: 4 },
  { base: 0x2f8, irq: 3 },
  { base: 0x3e8, irq: 4 },
  { base: 0x2e8, irq: 3 },
] as const;
const SCI_IRQ = 9;
/** IRQs that PIRQA#-PIRQD# are routed to. */
const PIRQ_IRQS = [10, 10, 11, 11] as const;
/** Where firmware leaves the ACPI block: QEMU's address, which SeaBIOS sets too. */
const PM_BASE = 0x600;
const DEBUG_EXIT_PORT = 0xf4;
/** The root pointer in the BIOS area, where a kernel without a pointer from its loader looks. */
const RSDP_AT = 0xf0000;

/** A PC: the wiring diagram. Every address and every IRQ number of the board is on this page. */
export class Pc {
  readonly memory: AddressMap;
  readonly ports = new IoSpace();
  readonly pic = new PicPair();
  readonly devices: readonly Device[];
  readonly pm: AcpiPm;
  readonly keyboard: I8042;
  readonly rsdp = RSDP_AT;
  /** Called when a line into the interrupt controllers changes, for tracing. */
  traceIrq: ((irq: number, level: boolean) => void) | undefined;
  readonly #piix3: Piix3;
  readonly #piix4: Piix4Pm;
  readonly #serialPorts: readonly { readonly base: number; readonly irq: number }[];
  readonly #layout: MemoryLayout;
  readonly #hasRom: boolean;

  constructor(config: PcConfig, events: PcEvents) {
    const { layout, clock, rom } = config;
    const { ports, pic } = this;
    const wires = Array.from({ length: 16 }, (_, n) => {
      const pin = pic.lines(n);
      return new OrGate({
        set: (level) => {
          this.traceIrq?.(n, level);
          pin.set(level);
        },
      });
    });
    const irq = (n: number) => wires[n]!.input();
    this.#layout = layout;
    this.#hasRom = rom !== undefined;
    this.memory = mapMemory(config.allocate, layout, rom);
    pic.onChange = events.onInterrupt;

    const pit = new I8254(clock, irq(0));
    const port61 = new SystemControlPortB(clock, pit);
    const rtc = new Mc146818(clock, irq(8), config.wallClock);
    const a20 = new OrGate({ set: events.onA20 });
    const i8042 = new I8042({
      keyboardIrq: irq(1),
      auxIrq: irq(12),
      a20: a20.input(),
      onReset: () => events.onReset('i8042'),
    });
    const port92 = new Port92(a20.input(), () => events.onReset('port 92h'));
    const cf9 = new ResetControl((kind) => events.onReset(`CF9h (${kind})`));
    const pm = new AcpiPm(clock, irq(SCI_IRQ), events.onPowerOff);
    const post = new PostCode(() => {});

    const pci = new PciBus({ cf9 });
    const i440fx = new I440fx();
    this.#piix3 = new Piix3(Array.from({ length: 16 }, (_, n) => irq(n)));
    this.#piix4 = new Piix4Pm(mapPorts(ports, PM_BLOCK.length, pm, pm.name));
    pci.add(0, 0, i440fx);
    pci.add(1, 0, this.#piix3);
    pci.add(1, 3, this.#piix4);

    ports.map(0x20, 2, pic.master, 'i8259 master');
    ports.map(0x40, 4, pit, pit.name);
    ports.map(0x60, 1, i8042.data, i8042.name);
    ports.map(0x61, 1, port61, port61.name);
    ports.map(0x64, 1, i8042.command, i8042.name);
    ports.map(0x70, 2, rtc, rtc.name);
    ports.map(0x80, 1, post, post.name);
    ports.map(0x92, 1, port92, port92.name);
    ports.map(0xa0, 2, pic.slave, 'i8259 slave');
    ports.map(0xb2, 2, pm.apm, 'apm');
    ports.map(0xe9, 1, debugConsole(config.debugcon), 'debugcon');
    ports.map(DEBUG_EXIT_PORT, 4, debugExit(events.onDebugExit), 'isa-debug-exit');
    ports.map(0x4d0, 2, pic.elcr, 'elcr');
    ports.map(0xcf8, 4, pci.address, pci.name);
    ports.map(0xcfc, 4, pci.data, pci.name);

    this.#serialPorts = COM_PORTS.slice(0, config.serial.length);
    const uarts = config.serial.map((backend, n) => {
      const { base, irq: line } = COM_PORTS[n]!;
      const uart = new Uart16550(`uart16550 COM${n + 1}`, clock, irq(line), backend);
      ports.map(base, 8, uart, uart.name);
      return uart;
    });

    rtc.setMemory({ belowFourGiB: layout.lowTop, aboveFourGiB: layout.highLength });
    this.pm = pm;
    this.keyboard = i8042;
    this.devices = [
      pic,
      pit,
      port61,
      rtc,
      i8042,
      port92,
      cf9,
      post,
      pm,
      pci,
      i440fx,
      this.#piix3,
      this.#piix4,
      ...uarts,
    ];
  }

  /** RESET#, and for a kernel without firmware what firmware would have set up. */
  reset(): void {
    for (const device of this.devices) device.reset();
    if (this.#hasRom) return;
    this.#piix4.enable(PM_BASE);
    PIRQ_IRQS.forEach((irq, pirq) => {
      this.#piix3.writeConfig(0x60 + pirq, 1, irq);
    });
    const { acpi, lowTop } = this.#layout;
    const tables = acpiTables({
      rsdpAt: RSDP_AT,
      tablesAt: acpi.base,
      sciIrq: SCI_IRQ,
      vga: false,
      pmBase: PM_BASE,
      pciMemory: { first: lowTop, last: 0xfebfffff },
      serialPorts: this.#serialPorts,
      pciIrq: (slot, pin) => PIRQ_IRQS[pirqOf(slot, pin)]!,
    });
    for (const { address, bytes } of tables) this.memory.writeBytes(address, bytes);
  }
}

function mapMemory(
  allocate: PcConfig['allocate'],
  { ramSize, lowTop, highLength }: MemoryLayout,
  rom: Uint8Array | undefined,
): AddressMap {
  const romSize = rom?.length ?? 0;
  const ram = allocate(ramSize, romSize);
  const map = new AddressMap(ram);
  if (rom === undefined) {
    map.add({ kind: 'ram', name: 'RAM', base: 0, length: lowTop, offset: 0 });
  } else {
    ram.u8.set(rom, ramSize);
    const shadow = Math.min(romSize, 0x20000);
    const shadowBase = EXTENDED_BASE - shadow;
    map.add({ kind: 'ram', name: 'RAM', base: 0, length: shadowBase, offset: 0 });
    map.add({ kind: 'rom', name: 'BIOS', base: shadowBase, length: shadow, offset: ramSize + romSize - shadow });
    const above = lowTop - EXTENDED_BASE;
    map.add({ kind: 'ram', name: 'extended RAM', base: EXTENDED_BASE, length: above, offset: EXTENDED_BASE });
    map.add({ kind: 'rom', name: 'flash', base: HIGH_RAM_BASE - romSize, length: romSize, offset: ramSize });
  }
  if (highLength > 0)
    map.add({ kind: 'ram', name: 'high RAM', base: HIGH_RAM_BASE, length: highLength, offset: lowTop });
  return map;
}
