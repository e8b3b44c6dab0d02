import { BootError } from './boot-error.ts';
import { BootMemory, LOADER_AREA } from './boot-memory.ts';
import { placeModules } from './boot-modules.ts';
import type { BootPlan } from './boot-plan.ts';
import type { BootRequest } from './boot-request.ts';
import { encodeCommandLine } from './command-line.ts';
import { e820Map } from './e820.ts';
import { checkEntryPoint, isElf, loadSegments, parseElf, physicalAddress } from './elf.ts';
import { bootGdt, protectedEntry } from './entry-state.ts';
import { InfoArea, quad, words } from './info-area.ts';
import { CONVENTIONAL_END, EXTENDED_BASE } from './memory-layout.ts';
import { findMultibootHeader, type LoadAddresses, type MultibootHeader } from './multiboot-header.ts';

/** What EAX holds at the entry (Multiboot Specification 0.6.96, section 3.2). */
const BOOTLOADER_MAGIC = 0x2badb002;
const COMMAND_LINE_LIMIT = 4095;

/** Flags of the information structure: which of its fields are valid (section 3.3). */
const INFO_MEMORY = 1 << 0;
const INFO_COMMAND_LINE = 1 << 2;
const INFO_MODULES = 1 << 3;
const INFO_MEMORY_MAP = 1 << 6;
const INFO_LOADER_NAME = 1 << 9;

const LOADER_NAME = 'emu';

/**
 * A kernel by the Multiboot Specification, version 0.6.96: ELF32, or any format with load addresses
 * in its header ("a.out kludge"). 32-bit protected mode, EBX points to the information structure.
 * @throws BootError
 */
export function planMultiboot(request: BootRequest): BootPlan {
  const header = findMultibootHeader(request.kernel);
  if (header === undefined) throw new BootError('the kernel has no Multiboot header in its first 8 KB');
  const memory = new BootMemory(request.layout);
  const { gdt, commandLine, info, stackTop } = LOADER_AREA;
  memory.put('the GDT', gdt, bootGdt('protected'));
  memory.put('the command line', commandLine, encodeCommandLine(request.commandLine ?? '', COMMAND_LINE_LIMIT));
  memory.claim("the loader's tables", info, commandLine - info);
  const entry = loadImage(request.kernel, header, memory);
  const area = new InfoArea();
  const structure = placeInformation(request, memory, area);
  memory.write('the Multiboot information', info, area.bytes);
  const registers = { rax: BOOTLOADER_MAGIC, rbx: structure, rsp: stackTop };
  return { protocol: 'multiboot', writes: memory.writes, entry: protectedEntry(entry, gdt, registers) };
}

/** @returns the entry point's physical address */
function loadImage(kernel: Uint8Array, header: MultibootHeader, memory: BootMemory): number {
  if (header.addresses !== undefined) return loadByAddresses(kernel, header.offset, header.addresses, memory);
  if (!isElf(kernel)) {
    throw new BootError('the Multiboot kernel is no ELF file and its header has no load addresses: set its flag 16');
  }
  const image = parseElf(kernel);
  if (image.bits !== 32) {
    throw new BootError(
      'the Multiboot kernel is ELF64, Multiboot 1 enters 32-bit code: link it as ELF32 (objcopy -O elf32-i386)',
    );
  }
  loadSegments(image, memory);
  const entry = physicalAddress(image, image.entry) ?? image.entry;
  checkEntryPoint(image, entry);
  return entry;
}

/** Section 3.1.3: the header's own address says which byte of the file goes where. */
function loadByAddresses(
  kernel: Uint8Array,
  headerOffset: number,
  addresses: LoadAddresses,
  memory: BootMemory,
): number {
  const { headerAddr, loadAddr, loadEndAddr, bssEndAddr, entryAddr } = addresses;
  const start = headerOffset - (headerAddr - loadAddr);
  if (headerAddr < loadAddr || start < 0) throw damaged('its header lies before its load address');
  const end = loadEndAddr === 0 ? kernel.length : start + (loadEndAddr - loadAddr);
  if (end <= start) throw damaged('its load end address lies before its load address');
  if (end > kernel.length) throw damaged('its load end address lies beyond the end of the file: it is truncated');
  const length = bssEndAddr === 0 ? end - start : bssEndAddr - loadAddr;
  if (length < end - start) throw damaged('its bss end address lies before its load end address');
  if (entryAddr < loadAddr || entryAddr >= loadAddr + length)
    throw damaged('its entry point lies outside what is loaded');
  memory.put('the kernel', loadAddr, kernel.subarray(start, end), length);
  return entryAddr;
}

/** @returns the address of the information structure */
function placeInformation(request: BootRequest, memory: BootMemory, area: InfoArea): number {
  const modules = placeModules(request, memory);
  const list = modules.flatMap(({ base, length, commandLine }) => [
    base,
    base + length,
    area.place(encodeCommandLine(commandLine, COMMAND_LINE_LIMIT)),
    0,
  ]);
  const rows = e820Map(request.layout).flatMap(({ base, length, type }) => [
    20, // bytes of the rest of this row
    ...quad(base),
    ...quad(length),
    type,
  ]);
  return area.place(
    words(
      INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MEMORY_MAP | INFO_LOADER_NAME,
      CONVENTIONAL_END / 1024,
      (request.layout.acpi.base - EXTENDED_BASE) / 1024,
      0, // boot device
      LOADER_AREA.commandLine,
      modules.length,
      area.place(words(...list)),
      ...[0, 0, 0, 0], // symbols
      rows.length * 4,
      area.place(words(...rows)),
      ...[0, 0], // drives
      0, // configuration table
      area.place(encodeCommandLine(LOADER_NAME, LOADER_NAME.length)),
      ...Array<number>(13).fill(0), // APM, VBE and framebuffer
    ),
  );
}

const damaged = (how: string): BootError => new BootError(`the Multiboot kernel is damaged: ${how}; build it again`);
