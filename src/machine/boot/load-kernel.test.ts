import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bzImage, elf, multibootElf, multibootFlat, pvhNote } from '../../../test/boot/images.ts';
import { AddressMap } from '../../memory/address-map.ts';
import { GuestRam } from '../../memory/ram.ts';
import { BootError } from './boot-error.ts';
import { type BootPlan, loadIntoMemory } from './boot-plan.ts';
import type { LinuxEntry } from './boot-request.ts';
import { E820_USABLE, e820Map } from './e820.ts';
import { planKernel } from './load-kernel.ts';
import { memoryLayout } from './memory-layout.ts';

const MIB = 2 ** 20;
const layout = memoryLayout(64 * MIB);
const plan = (kernel: Uint8Array, initrd?: Uint8Array) => planKernel({ kernel, layout, initrd });
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A kibibyte of 0x80 with some bytes in it. */
function blob(bytes: number[] | string, offset = 0): Uint8Array {
  const result = new Uint8Array(Math.max(1024, offset + 64)).fill(0x80);
  result.set(typeof bytes === 'string' ? text(bytes) : bytes, offset);
  return result;
}

describe('planKernel', () => {
  it.each([
    ['bzImage', bzImage(), 'linux'],
    ['vmlinux with a PVH note', elf(), 'pvh'],
    ['Multiboot ELF32', multibootElf(), 'multiboot'],
    ['flat Multiboot file', multibootFlat(), 'multiboot'],
  ])('picks the loader of a %s', (_, kernel, protocol) => {
    expect(plan(kernel).protocol).toBe(protocol);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /^the kernel file is empty/],
    ['an AArch64 Image', blob('ARM\x64', 0x38), /an AArch64 Image: a PC runs i386 and x86-64 kernels/],
    ['a RISC-V Image', blob('RSC\x05', 0x38), /a RISC-V Image/],
    ['a gzip file', blob([0x1f, 0x8b, 8]), /a gzip file: unpack it first/],
    ['an xz file', blob([0xfd, ...text('7zXZ')]), /an xz file/],
    ['an initramfs', blob('070701'), /a cpio archive: an initramfs goes to --initrd/],
    ['a package', blob('!<arch>\n'), /a Debian package/],
    ['an a.out file', blob([0x0b, 0x01]), /an a.out file/],
    ['an EFI program', blob('MZ'), /an EFI or DOS program/],
    ['a disk image', blob([0x55, 0xaa], 0x1fe), /boot sector or a disk image/],
    ['a CD image', blob('CD001', 0x8001), /a CD image/],
    ['a text', text('#!/bin/sh\necho hello\n'), /a text file/],
    ['noise', blob([1, 2, 3]), /neither a bzImage nor an ELF or Multiboot kernel/],
    ['one byte', Uint8Array.of(0x7f), /neither a bzImage/],
    ['a big-endian ELF', blob([0x7f, 0x45, 0x4c, 0x46, 2, 2]), /big-endian/],
    ['half an ELF header', elf().slice(0, 20), /ends inside its header/],
    ['a bzImage cut in its header', bzImage().slice(0, 0x240), /truncated: it ends inside its header/],
    ['a bzImage cut in its setup code', bzImage({ setupSects: 30 }).slice(0, 9000), /setup code alone has 15872 bytes/],
    ['a bzImage cut in its code', bzImage().slice(0, -16), /should have 6144 bytes and has 6128/],
    ['an old protocol', bzImage({ version: 0x0201 }), /protocol 2.01, the oldest supported is 2.02/],
    ['a zImage', bzImage({ loadflags: 0 }), /zImage/],
    ['a bzImage without code', bzImage({ payload: new Uint8Array(0) }), /truncated/],
    ['an odd alignment', bzImage({ kernelAlignment: 3 }), /no power of two/],
  ])('refuses %s', (_, kernel, message) => {
    expect(() => plan(kernel)).toThrow(BootError);
    expect(() => plan(kernel)).toThrow(message);
  });

  it('refuses an empty initrd and one that is larger than memory', () => {
    expect(() => plan(bzImage(), new Uint8Array(0))).toThrow(/^the initrd file is empty/);
    for (const kernel of [bzImage(), elf(), multibootFlat()]) {
      expect(() => plan(kernel, new Uint8Array(64 * MIB))).toThrow(
        /^the initrd \(64 MB\) finds no room in 64 MB of memory: use --memory \d+M or more$/,
      );
    }
  });
});

describe('a hostile image', () => {
  const images = [
    bzImage(),
    bzImage({ setupSects: 0, version: 0x0202 }),
    elf(),
    elf({ bits: 32 }),
    multibootElf(),
    multibootFlat(),
  ];
  const usable = e820Map(layout).filter((row) => row.type === E820_USABLE);
  const edge = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);

  /** What holds for every plan: all inside RAM, and not more bytes than there are. */
  function check({ writes, entry }: BootPlan, kernel: Uint8Array): void {
    for (const { gpa, bytes, length } of writes) {
      expect(usable.some((row) => gpa >= row.base && gpa + length <= row.base + row.length)).toBe(true);
      expect(bytes.length).toBeLessThanOrEqual(length);
    }
    expect(writes.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(kernel.length + 200_000);
    expect(Number.isSafeInteger(entry.rip)).toBe(true);
  }

  it('gives a plan inside RAM or a BootError of one line, and nothing else', () => {
    const spoilt = fc.record({
      kernel: fc.constantFrom(...images),
      bytes: fc.array(fc.record({ at: fc.nat(), value: fc.oneof(edge, fc.integer({ min: 0, max: 255 })) }), {
        maxLength: 8,
      }),
      words: fc.array(fc.record({ at: fc.nat(), value: fc.constantFrom(0, 0xffffffff, 0x7fffffff, 0x80000000) }), {
        maxLength: 3,
      }),
      cut: fc.oneof(
        { weight: 3, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
      ),
      initrd: fc.constantFrom(undefined, new Uint8Array(5000)),
      linuxEntry: fc.constantFrom<LinuxEntry>('16-bit', '32-bit', '64-bit'),
    });
    const outcomes = { plan: 0, refused: 0 };
    fc.assert(
      fc.property(spoilt, ({ kernel, bytes, words, cut, initrd, linuxEntry }) => {
        const image = kernel.slice();
        // Headers are where a change matters: the first 0x280 bytes.
        for (const { at, value } of bytes) image[at % Math.min(0x280, image.length)] = value;
        for (const { at, value } of words)
          new DataView(image.buffer).setUint32(at % Math.min(0x280, image.length - 4), value, true);
        const cutImage = image.slice(0, Math.ceil(image.length * cut));
        try {
          check(planKernel({ kernel: cutImage, layout, initrd, linuxEntry }), cutImage);
          outcomes.plan++;
        } catch (error) {
          expect(error).toBeInstanceOf(BootError);
          expect((error as Error).message).toMatch(/^[^\n]{20,200}$/);
          outcomes.refused++;
        }
      }),
      { seed: 20, numRuns: 4000 },
    );
    expect(outcomes.plan).toBeGreaterThan(200);
    expect(outcomes.refused).toBeGreaterThan(200);
  });
});

describe('loadIntoMemory', () => {
  it('writes the bytes, zeroes the bss behind them and tells who follows RAM', () => {
    const ram = new GuestRam(new ArrayBuffer(64 * MIB), 64 * MIB);
    ram.u8.fill(0xaa, 16 * MIB, 17 * MIB);
    const map = new AddressMap(ram);
    map.add({ kind: 'ram', name: 'RAM', base: 0, length: 64 * MIB, offset: 0 });
    let told = 0;
    map.onDeviceWrite.push((_, length) => (told += length));
    const data = new Uint8Array(100).fill(0xf4);
    const kernel = elf({ segments: [{ paddr: 16 * MIB, data, memsz: 200_000 }, pvhNote()] });
    const made = planKernel({ kernel, layout });
    loadIntoMemory(made, map);
    expect([...ram.u8.subarray(16 * MIB, 16 * MIB + 100)].every((byte) => byte === 0xf4)).toBe(true);
    expect(ram.u8.subarray(16 * MIB + 100, 16 * MIB + 200_000).every((byte) => byte === 0)).toBe(true);
    expect(ram.u8[16 * MIB + 200_000]).toBe(0xaa);
    expect(told).toBe(made.writes.reduce((sum, { length }) => sum + length, 0));
  });
});
