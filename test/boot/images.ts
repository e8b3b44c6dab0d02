/** Small kernels for the loaders' tests: sound by default, each field open to be spoilt. */

export interface BzImageFields {
  version?: number;
  setupSects?: number;
  payload?: Uint8Array;
  loadflags?: number;
  initrdAddrMax?: number;
  kernelAlignment?: number;
  relocatable?: number;
  xloadflags?: number;
  cmdlineSize?: number;
  prefAddress?: bigint;
  initSize?: number;
}

/** A bzImage of protocol 2.15 as Linux 6.1 makes it, with a payload of 4 KiB. */
export function bzImage(fields: BzImageFields = {}): Uint8Array {
  const { setupSects = 3, payload = new Uint8Array(4096).fill(0x90) } = fields;
  const setupSize = ((setupSects || 4) + 1) * 512;
  const bytes = new Uint8Array(setupSize + payload.length);
  bytes.set(payload, setupSize);
  const view = new DataView(bytes.buffer);
  view.setUint8(0x1f1, setupSects);
  view.setUint16(0x1f2, 1, true); // root_flags, to be kept
  view.setUint32(0x1f4, payload.length / 16, true);
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint16(0x200, 0x6aeb, true);
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, fields.version ?? 0x020f, true);
  view.setUint8(0x211, fields.loadflags ?? 1);
  view.setUint32(0x214, 0x100000, true);
  view.setUint32(0x22c, fields.initrdAddrMax ?? 0x7fffffff, true);
  view.setUint32(0x230, fields.kernelAlignment ?? 0x200000, true);
  view.setUint8(0x234, fields.relocatable ?? 1);
  view.setUint16(0x236, fields.xloadflags ?? 0x7f, true);
  view.setUint32(0x238, fields.cmdlineSize ?? 2047, true);
  view.setBigUint64(0x258, fields.prefAddress ?? 0x1000000n, true);
  view.setUint32(0x260, fields.initSize ?? 0x1000000, true);
  bytes.fill(0xee, 0x26c, 0x270); // behind the header: no field of boot_params
  return bytes;
}

export interface Segment {
  type?: number;
  paddr?: number;
  vaddr?: number;
  data: Uint8Array;
  memsz?: number;
  /** Instead of the true values. */
  offset?: number;
  filesz?: number;
}

export interface ElfFields {
  bits?: 32 | 64;
  machine?: number;
  type?: number;
  entry?: number;
  segments?: Segment[];
}

const PT_LOAD = 1;
export const PT_NOTE = 4;

/** An ELF executable whose segments follow its headers. */
export function elf(fields: ElfFields = {}): Uint8Array {
  const { bits = 64, machine = bits === 64 ? 62 : 3, segments = [pvhCode(), pvhNote()] } = fields;
  const [header, row] = bits === 64 ? [64, 56] : [52, 32];
  const bytes = new Uint8Array(header + segments.length * row + segments.reduce((sum, s) => sum + s.data.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1, 1]);
  view.setUint16(16, fields.type ?? 2, true);
  view.setUint16(18, machine, true);
  const word = (at: number, value: number): void =>
    bits === 64 ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true);
  word(24, fields.entry ?? 0x1000000);
  word(bits === 64 ? 32 : 28, header);
  view.setUint16(bits === 64 ? 54 : 42, row, true);
  view.setUint16(bits === 64 ? 56 : 44, segments.length, true);
  let at = header + segments.length * row;
  segments.forEach((segment, index) => {
    bytes.set(segment.data, at);
    const { type = PT_LOAD, paddr = 0, vaddr = paddr, offset = at, filesz = segment.data.length } = segment;
    const values = [offset, vaddr, paddr, filesz, segment.memsz ?? segment.data.length];
    const base = header + index * row;
    view.setUint32(base, type, true);
    values.forEach((value, place) => {
      word(base + (bits === 64 ? 8 + place * 8 : 4 + place * 4), value);
    });
    at += segment.data.length;
  });
  return bytes;
}

/** A segment at 16 MiB with some bss behind it. */
export const pvhCode = (): Segment => ({ paddr: 0x1000000, data: new Uint8Array(64).fill(0xf4), memsz: 0x2000 });

/** A note segment: one of another owner, then the PVH entry at 16 MiB + 16. */
export function pvhNote(entry = 0x1000010): Segment {
  const data = new Uint8Array(20 + 20);
  const view = new DataView(data.buffer);
  const note = (at: number, owner: string, type: number, value: number): void => {
    view.setUint32(at, owner.length + 1, true);
    view.setUint32(at + 4, 4, true);
    view.setUint32(at + 8, type, true);
    data.set(new TextEncoder().encode(owner), at + 12);
    view.setUint32(at + 16, value, true);
  };
  note(0, 'GNU', 18, 0xbad);
  note(20, 'Xen', 18, entry);
  return { type: PT_NOTE, data };
}

/** A Multiboot header with the given flags and, with flag 16, load addresses. */
export function multibootHeader(flags: number, addresses: number[] = []): Uint8Array {
  const magic = 0x1badb002;
  const words = Uint32Array.from([magic, flags, -(magic + flags), ...addresses]);
  return new Uint8Array(words.buffer);
}

/** A flat binary for 1 MiB: 64 bytes of padding, header with load addresses, code; 8 KiB with its bss. */
export function multibootFlat(change: (addresses: number[]) => void = () => {}): Uint8Array {
  const base = 0x100000;
  const addresses = [base + 64, base, base + 0x200, base + 0x2000, base + 0x80];
  change(addresses);
  const bytes = new Uint8Array(0x200).fill(0x90);
  bytes.set(multibootHeader(0x10003, addresses), 64);
  return bytes;
}

/** A Multiboot kernel as ELF32, virtual addresses 3 GiB above the physical ones. */
export function multibootElf(): Uint8Array {
  const data = new Uint8Array(256).fill(0x90);
  data.set(multibootHeader(3));
  return elf({
    bits: 32,
    entry: 0xc0200040,
    segments: [{ paddr: 0x200000, vaddr: 0xc0200000, data, memsz: 0x3000 }],
  });
}
