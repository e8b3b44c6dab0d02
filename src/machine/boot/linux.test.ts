import { describe, expect, it } from 'vitest';
import { type BzImageFields, bzImage } from '../../../test/boot/images.ts';
import type { BootPlan } from './boot-plan.ts';
import type { BootRequest } from './boot-request.ts';
import { planLinux } from './linux.ts';
import { memoryLayout } from './memory-layout.ts';

const MIB = 2 ** 20;
const layout = memoryLayout(128 * MIB);

const plan = (fields: BzImageFields = {}, request: Partial<BootRequest> = {}): BootPlan =>
  planLinux({ kernel: bzImage(fields), layout, ...request });

const written = ({ writes }: BootPlan, name: string) => {
  const { gpa, bytes, length } = writes.find((write) => write.name === name)!;
  return { gpa, bytes, length, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
};

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('boot_params', () => {
  const initrd = new Uint8Array(5000).fill(7);
  const made = plan({}, { initrd, commandLine: 'console=ttyS0', rsdp: 0x7ff0000, textScreen: true });
  const { gpa, bytes, view } = written(made, 'boot_params');

  it('holds the kernel header as it is, apart from the fields of the loader', () => {
    const header = bzImage().slice(0x1f1, 0x26c);
    const loaders = [0x1fa, 0x1fb, 0x210, ...range(0x218, 8), ...range(0x228, 4)].map((at) => at - 0x1f1);
    for (const at of header.keys()) if (!loaders.includes(at)) expect(bytes[0x1f1 + at]).toBe(header[at]);
    expect([...bytes.subarray(0x26c, 0x2d0)].every((byte) => byte === 0)).toBe(true);
    expect(bytes.length).toBe(4096);
  });

  it('says who loads, where the initrd and the command line are, and which screen there is', () => {
    expect(view.getUint8(0x210)).toBe(0xff); // type_of_loader
    expect(view.getUint16(0x1fa, true)).toBe(0xffff); // vid_mode: normal
    expect(view.getUint32(0x214, true)).toBe(0x100000); // code32_start
    const image = written(made, 'the initrd');
    expect(view.getUint32(0x218, true)).toBe(image.gpa);
    expect(view.getUint32(0x21c, true)).toBe(5000);
    const line = written(made, 'the command line');
    expect(view.getUint32(0x228, true)).toBe(line.gpa);
    expect(ascii(line.bytes)).toBe('console=ttyS0\0');
    expect(view.getBigUint64(0x070, true)).toBe(0x7ff0000n); // acpi_rsdp_addr
    expect(view.getUint16(0x02, true)).toBe(0xffff); // ext_mem_k
    expect(view.getUint32(0x1e0, true)).toBe(127 * 1024); // alt_mem_k
    expect([view.getUint8(6), view.getUint8(7), view.getUint8(0x0e), view.getUint8(0x0f)]).toEqual([3, 80, 25, 1]);
    expect(view.getUint16(0x10, true)).toBe(16); // points
    expect(view.getUint8(0x1ef)).toBe(0); // sentinel
    expect(view.getUint8(0x211)).toBe(1); // loadflags: no heap without the setup code
  });

  it('has no screen when there is no VGA', () => {
    expect([...written(plan(), 'boot_params').bytes.subarray(4, 0x70)].every((byte) => byte === 0)).toBe(true);
  });

  it('ends with the memory map', () => {
    const rows = range(0, view.getUint8(0x1e8)).map((index) => {
      const at = 0x2d0 + index * 20;
      return [view.getBigUint64(at, true), view.getBigUint64(at + 8, true), view.getUint32(at + 16, true)];
    });
    expect(rows).toEqual([
      [0n, 0x9fc00n, 1],
      [0x9fc00n, 0x400n, 2],
      [0xf0000n, 0x10000n, 2],
      [0x100000n, 0x7ef0000n, 1],
      [0x7ff0000n, 0x10000n, 3],
      [0xfffc0000n, 0x40000n, 2],
    ]);
  });

  it('is what RSI points to at the 32-bit entry: flat segments, no paging, interrupts off', () => {
    const { entry } = made;
    expect(entry).toMatchObject({ mode: 'protected', rip: 0x100000, rflags: 2, cr0: 0x11, cr4: 0, efer: 0 });
    expect(entry.registers).toMatchObject({ rsi: gpa, rbp: 0, rdi: 0, rbx: 0 });
    expect(entry.segments.cs).toEqual({ selector: 0x10, base: 0, limit: 0xffffffff, attributes: 0xc09b });
    for (const name of ['ds', 'es', 'ss'] as const) {
      expect(entry.segments[name]).toEqual({ selector: 0x18, base: 0, limit: 0xffffffff, attributes: 0xc093 });
    }
    const gdt = written(made, 'the GDT');
    expect(entry.gdtr).toEqual({ base: gdt.gpa, limit: gdt.length - 1 });
    expect([0x10, 0x18].map((at) => gdt.view.getBigUint64(at, true))).toEqual([0xcf9b000000ffffn, 0xcf93000000ffffn]);
  });
});

describe('the 64-bit entry', () => {
  it('starts 0x200 behind the load address with 4 GiB mapped to itself', () => {
    const made = plan({}, { linuxEntry: '64-bit' });
    expect(made.entry).toMatchObject({ mode: 'long', rip: 0x100200, cr0: 0x80000011, cr4: 0x20, efer: 0x500 });
    expect(made.entry.segments.cs).toMatchObject({ selector: 0x10, attributes: 0xa09b });
    expect(written(made, 'the GDT').view.getBigUint64(0x10, true)).toBe(0xaf9b000000ffffn);
    const tables = written(made, 'the page tables');
    expect(made.entry.cr3).toBe(tables.gpa);
    for (const address of [0, 0x100200, 0x3fffffff, 0x40000000, 0xfee00000, 0xffffffff]) {
      expect(translate(tables, address)).toBe(address);
    }
  });

  it('is refused for a kernel without one', () => {
    expect(() => plan({ xloadflags: 0x4 }, { linuxEntry: '64-bit' })).toThrow(/no 64-bit entry point/);
    expect(() => plan({ version: 0x020b }, { linuxEntry: '64-bit' })).toThrow(/no 64-bit entry point/);
  });
});

describe('the real-mode entry', () => {
  it('starts behind the boot sector with the stack at the end of the heap', () => {
    const made = plan({ setupSects: 39 }, { linuxEntry: '16-bit', commandLine: 'quiet' });
    const setup = written(made, 'the setup code');
    const { cs, ss, ds, es } = made.entry.segments;
    expect(made.entry).toMatchObject({ mode: 'real', rip: 0, cr0: 0x10 });
    expect(cs.base).toBe(setup.gpa + 0x200);
    expect(cs.selector * 16).toBe(cs.base);
    for (const segment of [ss, ds, es]) expect(segment.base).toBe(setup.gpa);
    expect(setup.bytes.length).toBe(40 * 512);
    expect(setup.view.getUint16(0x224, true) + 0x200).toBe(made.entry.registers.rsp); // heap_end_ptr
    expect(setup.view.getUint8(0x211)).toBe(0x81); // CAN_USE_HEAP
    expect(setup.view.getUint32(0x228, true)).toBe(written(made, 'the command line').gpa);
    expect(setup.length).toBe(0xe000);
  });

  it('is refused when the setup code leaves no room for a stack', () => {
    expect(() => plan({ setupSects: 64 }, { linuxEntry: '16-bit' })).toThrow(/use the 32-bit entry/);
  });
});

describe('placing', () => {
  it('takes a setup_sects of 0 as 4 and loads what syssize says at 1 MiB', () => {
    const payload = Uint8Array.from({ length: 4096 }, (_, index) => index & 0xff);
    const kernel = written(planLinux({ kernel: bzImage({ setupSects: 0, payload }), layout }), 'the kernel');
    expect(kernel.gpa).toBe(0x100000);
    expect(kernel.bytes).toEqual(payload);
    const signed = new Uint8Array([...bzImage({ payload }), ...range(0, 100)]);
    expect(written(planLinux({ kernel: signed, layout }), 'the kernel').bytes).toEqual(payload);
  });

  it('puts the initrd on a page below both the end of RAM and initrd_addr_max', () => {
    const initrd = new Uint8Array(5000);
    expect(written(plan({}, { initrd }), 'the initrd').gpa).toBe(0x7fee000);
    expect(written(plan({ initrdAddrMax: 0x37ff0ff }, { initrd }), 'the initrd').gpa).toBe(0x37fd000);
    expect(written(plan({ version: 0x0202 }, { initrd, layout: memoryLayout(2 ** 30) }), 'the initrd').gpa).toBe(
      0x37ffe000,
    );
  });

  it('refuses what does not fit and names the memory that would do', () => {
    const small = memoryLayout(32 * MIB);
    expect(() => plan({}, { layout: small })).toThrow(
      'the kernel needs 32 MB of memory, the machine has 32 MB: use --memory 33M or more',
    );
    expect(plan({}, { layout: memoryLayout(33 * MIB) }).protocol).toBe('linux');
    expect(() => plan({}, { initrd: new Uint8Array(2 * MIB), layout: memoryLayout(33 * MIB) })).toThrow(
      'the initrd (2 MB) finds no room in 33 MB of memory: use --memory 35M or more',
    );
    expect(() => plan({ initrdAddrMax: 0xffffff }, { initrd: new Uint8Array(MIB) })).toThrow(
      /finds no room .* only below 16 MB/,
    );
    expect(() => plan({ prefAddress: 2n ** 64n - 1n })).toThrow(/use a smaller one/);
  });

  it('counts the run-time size from the aligned or the preferred address, whichever is higher', () => {
    const needs = (fields: BzImageFields) => {
      const made = () => plan({ initSize: 0x100000, ...fields }, { layout: memoryLayout(4 * MIB) });
      return /needs (\d+) MB/.exec(messageOf(made))?.[1];
    };
    expect(needs({ prefAddress: 0x1000000n })).toBe('17');
    expect(needs({ prefAddress: 0n, kernelAlignment: 0x1000000 })).toBe('17');
    expect(needs({ prefAddress: 0n, kernelAlignment: 0x1000000, relocatable: 0 })).toBeUndefined();
    expect(needs({ version: 0x0209 })).toBeUndefined();
  });

  it('refuses a command line that is longer than the kernel takes', () => {
    expect(() => plan({ cmdlineSize: 10 }, { commandLine: 'a'.repeat(11) })).toThrow(
      'the kernel command line has 11 bytes and this kernel takes 10: shorten --append',
    );
    expect(() => plan({ cmdlineSize: 10 }, { commandLine: 'é'.repeat(6) })).toThrow(/12 bytes/);
    expect(plan({ cmdlineSize: 10 }, { commandLine: 'a'.repeat(10) }).protocol).toBe('linux');
    expect(() => plan({ version: 0x0205 }, { commandLine: 'a'.repeat(256) })).toThrow(/takes 255/);
    expect(() => plan({ cmdlineSize: 0xffffffff }, { commandLine: 'a'.repeat(70_000) })).toThrow(/takes 65535/);
    expect(() => plan({}, { commandLine: 'a\0b' })).toThrow(/NUL/);
  });

  it('refuses a 64-bit kernel on a CPU without long mode', () => {
    expect(() => plan({}, { longMode: false })).toThrow(/no long mode/);
    expect(plan({ xloadflags: 4 }, { longMode: false }).entry.mode).toBe('protected');
  });
});

function range(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => start + index);
}

function messageOf(attempt: () => unknown): string {
  try {
    attempt();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Walks 4-level tables down to a 2 MiB page. */
function translate({ gpa, view }: { gpa: number; view: DataView }, address: number): number {
  let table = gpa;
  for (const shift of [39n, 30n, 21n]) {
    const index = Number((BigInt(address) >> shift) & 511n);
    const entry = view.getBigUint64(table - gpa + index * 8, true);
    expect(entry & 3n).toBe(3n);
    if (shift === 21n) expect(entry & 0x80n).toBe(0x80n);
    table = Number(entry & 0xffffffffff000n);
  }
  return table + (address & 0x1fffff);
}
