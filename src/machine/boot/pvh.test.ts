import { describe, expect, it } from 'vitest';
import { elf, PT_NOTE, pvhCode, pvhNote, type Segment } from '../../../test/boot/images.ts';
import type { BootPlan } from './boot-plan.ts';
import type { BootRequest } from './boot-request.ts';
import { memoryLayout } from './memory-layout.ts';
import { planPvh } from './pvh.ts';

const MIB = 2 ** 20;
const layout = memoryLayout(64 * MIB);
const plan = (kernel: Uint8Array, request: Partial<BootRequest> = {}): BootPlan =>
  planPvh({ kernel, layout, ...request });
const withLoad = (change: Partial<Segment>): Uint8Array => elf({ segments: [{ ...pvhCode(), ...change }, pvhNote()] });

/** Reads what the plan puts at a guest address. */
function memory({ writes }: BootPlan, gpa: number): DataView {
  const { bytes, gpa: base } = writes.find((write) => gpa >= write.gpa && gpa < write.gpa + write.length)!;
  return new DataView(bytes.buffer, bytes.byteOffset + gpa - base, bytes.byteLength - (gpa - base));
}
const text = (view: DataView): string =>
  Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString().split('\0', 1)[0];

describe('start_info', () => {
  const initrd = new Uint8Array(10).fill(9);
  const modules = [{ bytes: new Uint8Array(4097), commandLine: 'two' }];
  const made = plan(elf(), { initrd, modules, commandLine: 'console=ttyS0', rsdp: 0x3ff0000 });
  const info = memory(made, made.entry.registers.rbx);
  const u64 = (at: number, view = info): number => Number(view.getBigUint64(at, true));

  it('is what EBX points to at the entry that the note names', () => {
    expect(made.entry).toMatchObject({ mode: 'protected', rip: 0x1000010, rflags: 2, cr0: 0x11, cr4: 0 });
    expect(made.entry.segments.cs).toMatchObject({ base: 0, limit: 0xffffffff, attributes: 0xc09b });
    expect(made.entry.segments.tr).toMatchObject({ base: 0, limit: 0x67, attributes: 0x8b });
    expect(info.getUint32(0, true)).toBe(0x336ec578);
    expect(info.getUint32(4, true)).toBe(1); // version
    expect(info.getUint32(8, true)).toBe(0); // flags
    expect(text(memory(made, u64(24)))).toBe('console=ttyS0');
    expect(u64(32)).toBe(0x3ff0000);
  });

  it('lists the initrd first, then the modules', () => {
    expect(info.getUint32(12, true)).toBe(2);
    const list = memory(made, u64(16));
    expect([u64(0, list), u64(8, list), u64(16, list), u64(24, list)]).toEqual([0x3fef000, 10, 0, 0]);
    expect([u64(32, list), u64(40, list)]).toEqual([0x3fed000, 4097]);
    expect(text(memory(made, u64(48, list)))).toBe('two');
    expect(memory(made, u64(0, list)).getUint8(9)).toBe(9);
  });

  it('carries the memory map', () => {
    const rows = memory(made, u64(40));
    const count = info.getUint32(48, true);
    expect(count).toBe(6);
    expect([u64(3 * 24, rows), u64(3 * 24 + 8, rows), rows.getUint32(3 * 24 + 16, true)]).toEqual([
      MIB,
      63 * MIB - 0x10000,
      1,
    ]);
  });

  it('leaves the segments where the program headers say, with their bss', () => {
    const segment = made.writes.find((write) => write.gpa === 0x1000000)!;
    expect(segment.length).toBe(0x2000);
    expect(segment.bytes).toEqual(pvhCode().data);
  });
});

describe('an ELF kernel', () => {
  it('may be ELF32, or lie above 4 GiB in part', () => {
    expect(plan(elf({ bits: 32 })).entry.rip).toBe(0x1000010);
    const high = [pvhCode(), { paddr: 2 ** 32, data: new Uint8Array(8) }, pvhNote()];
    expect(() => plan(elf({ segments: high }))).toThrow(/segment 1 .* lies outside the machine's RAM/);
    expect(plan(elf({ segments: high }), { layout: memoryLayout(4 * 2 ** 30) }).writes).toContainEqual(
      expect.objectContaining({ gpa: 2 ** 32, length: 8 }),
    );
  });

  it('without a PVH note is refused, whatever other notes it has', () => {
    const foreign = { type: PT_NOTE, data: pvhNote().data.slice(0, 20) };
    for (const segments of [[pvhCode()], [pvhCode(), foreign]]) {
      expect(() => plan(elf({ segments }))).toThrow(/neither a PVH entry note nor a Multiboot header: .*CONFIG_PVH/);
    }
  });

  it.each([
    ['a segment outside RAM', withLoad({ paddr: 0x3ff0000 }), /outside the machine's RAM \(64 MB\): use --memory/],
    ['a segment that wraps around', withLoad({ paddr: 2 ** 62, memsz: 2 ** 63 }), /outside the machine's RAM/],
    ['a segment below 1 MB', withLoad({ paddr: 0xff000 }), /link the kernel to load at 1 MB or above/],
    ["a segment on the loader's tables", withLoad({ paddr: 0x10000 }), /overlaps the loader's tables/],
    ['overlapping segments', elf({ segments: [pvhCode(), { ...pvhCode(), paddr: 0x1001fff }, pvhNote()] }), /overlaps/],
    ['more bytes in the file than in memory', withLoad({ memsz: 63 }), /more bytes in the file than in memory/],
    ['a segment beyond the file', withLoad({ filesz: 2 ** 40, memsz: 2 ** 40 }), /truncated/],
    ['an offset beyond the file', withLoad({ offset: 2 ** 63 }), /truncated/],
    ['an entry outside its segments', elf({ segments: [pvhCode(), pvhNote(0x2000000)] }), /entry point 0x2000000 lies/],
    ['no segments to load', elf({ segments: [pvhNote()] }), /no program header says what to load/],
    ['a relocatable object', elf({ type: 1 }), /no executable/],
    ['another machine', elf({ machine: 183 }), /is for AArch64: a PC runs i386 and x86-64/],
    ['too many program headers', elf({ segments: Array(257).fill(pvhNote()) }), /257 program headers/],
    ['a cut header', elf().slice(0, 60), /ends inside its header/],
    ['cut program headers', elf().slice(0, 100), /program headers lie beyond the end/],
  ])('with %s is refused', (_, kernel, message) => {
    expect(() => plan(kernel)).toThrow(message);
  });

  it('for 64 bits is refused on a CPU without long mode', () => {
    expect(() => plan(elf(), { longMode: false })).toThrow(/no long mode/);
    expect(plan(elf({ bits: 32 }), { longMode: false }).protocol).toBe('pvh');
  });
});
