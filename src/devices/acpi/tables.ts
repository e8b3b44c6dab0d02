import { type DsdtConfig, dsdtBody } from './dsdt.ts';
import { APM_COMMAND, PM_BLOCK } from './pm.ts';

export interface AcpiConfig extends DsdtConfig {
  /** Where the RSDP goes: on 16 bytes, in E0000h-FFFFFh or as the boot protocol says. */
  readonly rsdpAt: number;
  /** Where the other tables go: below 4 GiB, on 64 bytes, in memory that is reserved and writable. */
  readonly tablesAt: number;
  /** IRQ of the SCI. */
  readonly sciIrq: number;
  /** True when a VGA adapter is on the board. */
  readonly vga: boolean;
}

/** One table and the physical address it is made for. */
export interface AcpiTable {
  readonly name: string;
  readonly address: number;
  readonly bytes: Uint8Array;
}

const HEADER = 36;
const FADT_LENGTH = 244;
const FACS_LENGTH = 64;
const RSDP_LENGTH = 36;
const OEM_ID = 'EMU   ';
const OEM_TABLE_ID = 'EMUPC   ';

const CMOS_CENTURY = 0x32;
const APM_PORT = 0xb2;
const RESET_PORT = 0xcf9;
const RESET_VALUE = 0x06;

/** FADT boot architecture flags: legacy devices, 8042; bit 2 says that there is no VGA. */
const BOOT_ARCHITECTURE = 0x0003;
const NO_VGA = 0x0004;
/** FADT flags: WBINVD, C1, no fixed sleep button, reset register; the power button is a fixed feature. */
const FADT_FLAGS = 0x0001 | 0x0004 | 0x0020 | 0x0400;

/**
 * The ACPI tables of the board (ACPI 2.0, chapter 5): RSDP, RSDT, XSDT, FADT, FACS and DSDT, ready to be copied to
 * memory. There is no MADT: the board has the 8259 pair alone.
 */
export function acpiTables(config: AcpiConfig): AcpiTable[] {
  const facsAt = config.tablesAt;
  const dsdtAt = facsAt + FACS_LENGTH;
  const dsdt = table('DSDT', 2, dsdtBody(config));
  const fadtAt = align(dsdtAt + dsdt.length);
  const rsdtAt = align(fadtAt + FADT_LENGTH);
  const xsdtAt = align(rsdtAt + HEADER + 4);
  const pointer = (length: 4 | 8) => {
    const body = new Uint8Array(length);
    new DataView(body.buffer).setUint32(0, fadtAt, true);
    return body;
  };
  return [
    { name: 'RSDP', address: config.rsdpAt, bytes: rsdp(rsdtAt, xsdtAt) },
    { name: 'FACS', address: facsAt, bytes: facs() },
    { name: 'DSDT', address: dsdtAt, bytes: dsdt },
    { name: 'FADT', address: fadtAt, bytes: fadt(config, facsAt, dsdtAt) },
    { name: 'RSDT', address: rsdtAt, bytes: table('RSDT', 1, pointer(4)) },
    { name: 'XSDT', address: xsdtAt, bytes: table('XSDT', 1, pointer(8)) },
  ];
}

const align = (address: number): number => Math.ceil(address / 16) * 16;

const putText = (into: Uint8Array, at: number, text: string): void => into.set(new TextEncoder().encode(text), at);

/** The byte at `at` becomes what makes `bytes` sum up to 0. */
function seal(bytes: Uint8Array, at: number): void {
  bytes[at] = 0;
  bytes[at] = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

function table(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + body.length);
  const view = new DataView(bytes.buffer);
  putText(bytes, 0, signature);
  view.setUint32(4, bytes.length, true);
  bytes[8] = revision;
  putText(bytes, 10, OEM_ID);
  putText(bytes, 16, OEM_TABLE_ID);
  view.setUint32(24, 1, true);
  putText(bytes, 28, 'EMU ');
  view.setUint32(32, 1, true);
  bytes.set(body, HEADER);
  seal(bytes, 9);
  return bytes;
}

function rsdp(rsdtAt: number, xsdtAt: number): Uint8Array {
  const bytes = new Uint8Array(RSDP_LENGTH);
  const view = new DataView(bytes.buffer);
  putText(bytes, 0, 'RSD PTR ');
  putText(bytes, 9, OEM_ID);
  bytes[15] = 2;
  view.setUint32(16, rsdtAt, true);
  view.setUint32(20, RSDP_LENGTH, true);
  view.setUint32(24, xsdtAt, true);
  seal(bytes.subarray(0, 20), 8);
  seal(bytes, 32);
  return bytes;
}

function facs(): Uint8Array {
  const bytes = new Uint8Array(FACS_LENGTH);
  putText(bytes, 0, 'FACS');
  new DataView(bytes.buffer).setUint32(4, FACS_LENGTH, true);
  bytes[32] = 1;
  return bytes;
}

/** Revision 3; offsets as in ACPI 2.0, table 5-8. */
function fadt(config: AcpiConfig, facsAt: number, dsdtAt: number): Uint8Array {
  const bytes = new Uint8Array(FADT_LENGTH);
  const view = new DataView(bytes.buffer);
  const { pmBase, sciIrq } = config;
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  /** The 32-bit address, the length byte and the extended address of one register block. */
  const block = (at: number, lengthAt: number, extendedAt: number, offset: number, length: number) => {
    u32(at, pmBase + offset);
    bytes[lengthAt] = length;
    ioAddress(view, extendedAt, pmBase + offset, length * 8);
  };
  u32(36, facsAt);
  u32(40, dsdtAt);
  bytes[45] = 1;
  u16(46, sciIrq);
  u32(48, APM_PORT);
  bytes[52] = APM_COMMAND.acpiEnable;
  bytes[53] = APM_COMMAND.acpiDisable;
  block(56, 88, 148, PM_BLOCK.event, 4);
  block(64, 89, 172, PM_BLOCK.control, 2);
  block(76, 91, 208, PM_BLOCK.timer, 4);
  block(80, 92, 220, PM_BLOCK.gpe, 4);
  // C2 and C3 are not there.
  u16(96, 0x0fff);
  u16(98, 0x0fff);
  bytes[108] = CMOS_CENTURY;
  u16(109, BOOT_ARCHITECTURE | (config.vga ? 0 : NO_VGA));
  u32(112, FADT_FLAGS);
  ioAddress(view, 116, RESET_PORT, 8);
  bytes[128] = RESET_VALUE;
  u32(132, facsAt);
  u32(140, dsdtAt);
  return table('FACP', 3, bytes.slice(HEADER));
}

/** A Generic Address Structure in I/O space. */
function ioAddress(view: DataView, at: number, port: number, bits: number): void {
  view.setUint8(at, 1);
  view.setUint8(at + 1, bits);
  view.setUint32(at + 4, port, true);
}
