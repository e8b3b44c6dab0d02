import { describe, expect, it } from 'vitest';
import { elf, multibootElf, multibootFlat, multibootHeader } from '../../../test/boot/images.ts';
import type { BootPlan } from './boot-plan.ts';
import type { BootRequest } from './boot-request.ts';
import { memoryLayout } from './memory-layout.ts';
import { planMultiboot } from './multiboot.ts';
import { findMultibootHeader } from './multiboot-header.ts';

const MIB = 2 ** 20;
const layout = memoryLayout(5 * 2 ** 30);
const plan = (kernel: Uint8Array, request: Partial<BootRequest> = {}): BootPlan =>
  planMultiboot({ kernel, layout, ...request });

function memory({ writes }: BootPlan, gpa: number): DataView {
  const { bytes, gpa: base } = writes.find((write) => gpa >= write.gpa && gpa < write.gpa + write.length)!;
  return new DataView(bytes.buffer, bytes.byteOffset + gpa - base, bytes.byteLength - (gpa - base));
}
const text = (view: DataView): string =>
  Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString().split('\0', 1)[0];

describe('the Multiboot information', () => {
  const made = plan(multibootElf(), {
    commandLine: 'root=x',
    initrd: new Uint8Array(100).fill(5),
    modules: [{ bytes: new Uint8Array(50), commandLine: 'b.mod quick' }],
  });
  const info = memory(made, made.entry.registers.rbx);
  const field = (index: number, view = info): number => view.getUint32(index * 4, true);

  it('is what EBX points to, with the magic number in EAX, in flat 32-bit code', () => {
    expect(made.entry).toMatchObject({ mode: 'protected', rip: 0x200040, rflags: 2, cr0: 0x11 });
    expect(made.entry.registers.rax).toBe(0x2badb002);
    expect(made.entry.segments.cs).toMatchObject({ base: 0, limit: 0xffffffff, attributes: 0xc09b });
    expect(made.entry.segments.ss).toMatchObject({ base: 0, limit: 0xffffffff, attributes: 0xc093 });
  });

  it('has memory sizes, command line and loader name, and the flags of just these', () => {
    expect(field(0)).toBe(0x24d); // memory, command line, modules, map, loader name
    expect(field(1)).toBe(639);
    expect(field(2)).toBe((3 * 2 ** 30 - MIB - 0x10000) / 1024);
    expect(text(memory(made, field(4)))).toBe('root=x');
    expect(text(memory(made, field(16)))).toBe('emu');
  });

  it('lists modules that start on pages', () => {
    expect(field(5)).toBe(2);
    const list = memory(made, field(6));
    const [start, end] = [field(0, list), field(1, list)];
    expect([start % 4096, end - start, field(3, list)]).toEqual([0, 100, 0]);
    expect(text(memory(made, field(2, list)))).toBe('');
    expect(memory(made, start).getUint8(99)).toBe(5);
    expect(field(5, list) - field(4, list)).toBe(50);
    expect(text(memory(made, field(6, list)))).toBe('b.mod quick');
  });

  it('has a memory map whose rows are walked by their size field', () => {
    const rows = memory(made, field(12));
    const found: number[][] = [];
    for (let at = 0; at < field(11); at += rows.getUint32(at, true) + 4) {
      found.push([
        Number(rows.getBigUint64(at + 4, true)),
        Number(rows.getBigUint64(at + 12, true)),
        rows.getUint32(at + 20, true),
      ]);
    }
    expect(found).toHaveLength(7);
    expect(found[0]).toEqual([0, 0x9fc00, 1]);
    expect(found[6]).toEqual([2 ** 32, 2 * 2 ** 30, 1]);
  });
});

describe('load addresses in the header', () => {
  it('say which bytes of the file go where, and how much bss follows', () => {
    const kernel = multibootFlat();
    const made = plan(kernel);
    const image = made.writes.find((write) => write.name === 'the kernel')!;
    expect([image.gpa, image.length, made.entry.rip]).toEqual([0x100000, 0x2000, 0x100080]);
    expect(image.bytes).toEqual(kernel);
  });

  it('take the whole file when the load end is 0, and no bss when its end is 0', () => {
    const made = plan(multibootFlat((addresses) => addresses.splice(2, 2, 0, 0)));
    expect(made.writes.find((write) => write.name === 'the kernel')!.length).toBe(0x200);
  });

  it('come before an ELF header', () => {
    const kernel = multibootFlat();
    kernel.set([0x7f, 0x45, 0x4c, 0x46]);
    expect(plan(kernel).entry.rip).toBe(0x100080);
  });

  it.each<[string, (addresses: number[]) => void, RegExp]>([
    ['a header below the load address', (a) => (a[0] = 0xfffff), /header lies before its load address/],
    ['a load address before the file', (a) => (a[0] = 0x100041), /header lies before its load address/],
    ['a load end beyond the file', (a) => (a[2] = 0x100201), /truncated/],
    ['a load end before the start', (a) => (a[2] = 0x100000), /load end address lies before/],
    ['a bss end inside the image', (a) => (a[3] = 0x100100), /bss end address lies before/],
    ['an entry outside', (a) => (a[4] = 0x102000), /entry point lies outside/],
    ['a bss beyond RAM', (a) => (a[3] = 0xf0000000), /outside the machine's RAM/],
  ])('with %s are refused', (_, change, message) => {
    expect(() => plan(multibootFlat(change))).toThrow(message);
  });
});

describe('a Multiboot header', () => {
  it('is found at multiples of four within 8192 bytes, with a sound checksum only', () => {
    const at = (offset: number, length = 8192) => {
      const bytes = new Uint8Array(length);
      bytes.set(multibootHeader(3), offset);
      return findMultibootHeader(bytes)?.offset;
    };
    expect(at(8192 - 12)).toBe(8180);
    expect(at(8184, 9000)).toBeUndefined();
    expect(at(6)).toBeUndefined();
    const wrong = multibootHeader(3);
    wrong[8]++;
    expect(findMultibootHeader(wrong)).toBeUndefined();
    expect(findMultibootHeader(new Uint8Array(3))).toBeUndefined();
  });

  it.each([
    ['a video mode', multibootHeader(7), /video mode \(flag 2\)/],
    ['an unknown demand', multibootHeader(0x13), /features 0x10/],
    ['no way to load it', multibootHeader(3), /no ELF file and its header has no load addresses/],
    ['load addresses beyond the file', multibootHeader(0x10003), /ends inside its header/],
  ])('that asks for %s is refused', (_, kernel, message) => {
    expect(() => plan(kernel)).toThrow(message);
  });

  it('in an ELF64 file is refused', () => {
    const kernel = elf({ segments: [{ paddr: MIB, data: multibootHeader(3) }] });
    expect(() => plan(kernel)).toThrow(/ELF64.*ELF32/);
  });
});
