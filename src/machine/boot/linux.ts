import { BootError } from './boot-error.ts';
import { BootMemory, LOADER_AREA } from './boot-memory.ts';
import { bootParams, type HeaderValues, writeHeader } from './boot-params.ts';
import type { BootPlan } from './boot-plan.ts';
import type { BootRequest } from './boot-request.ts';
import { encodeCommandLine } from './command-line.ts';
import { e820Map } from './e820.ts';
import { bootGdt, type EntryState, longEntry, protectedEntry, realEntry } from './entry-state.ts';
import { identityMap } from './identity-map.ts';
import { type LinuxImage, parseLinuxImage } from './linux-header.ts';

/** Where a bzImage's protected-mode code is loaded. */
const LOAD_ADDRESS = 0x100000;
/** The 64-bit entry point, from the load address. */
const ENTRY_64 = 0x200;
/** The setup code, its heap and its stack share one segment: code below 32 KiB, stack from the heap's end down. */
const SETUP_LIMIT = 0x8000;
const HEAP_END = 0xe000;

/**
 * Linux/x86 boot protocol for a bzImage (Documentation/arch/x86/boot.rst), versions 2.02 and later.
 * The real-mode entry runs the kernel's setup code, which calls the BIOS: the machine needs one then.
 * @throws BootError
 */
export function planLinux(request: BootRequest): BootPlan {
  const image = parseLinuxImage(request.kernel);
  const entry = request.linuxEntry ?? '32-bit';
  checkEntry(image, entry, request.longMode ?? true);

  const memory = new BootMemory(request.layout);
  memory.claimKernel(LOAD_ADDRESS, runtimeEnd(image) - LOAD_ADDRESS);
  memory.write('the kernel', LOAD_ADDRESS, image.payload);
  const commandLine = encodeCommandLine(request.commandLine ?? '', image.cmdlineSize);
  memory.put('the command line', LOADER_AREA.commandLine, commandLine);
  const { initrd } = request;
  const values: HeaderValues = {
    code32Start: LOAD_ADDRESS,
    cmdLinePtr: LOADER_AREA.commandLine,
    ramdiskImage: initrd === undefined ? 0 : memory.putHigh('the initrd', initrd, image.initrdAddrMax + 1),
    ramdiskSize: initrd?.length ?? 0,
  };
  const state =
    entry === '16-bit' ? enterSetup(memory, image, values) : enterKernel(memory, image, values, request, entry);
  return { protocol: 'linux', writes: memory.writes, entry: state };
}

function checkEntry(image: LinuxImage, entry: string, longMode: boolean): void {
  if (image.is64Bit && !longMode) {
    throw new BootError('the kernel is 64-bit and the CPU model has no long mode: use --cpu qemu64 or an i386 kernel');
  }
  if (entry === '64-bit' && !image.is64Bit) {
    throw new BootError('the kernel has no 64-bit entry point: use its 32-bit entry');
  }
  if (entry === '16-bit' && image.setupSize > SETUP_LIMIT) {
    throw new BootError(
      `the kernel's setup code has ${image.setupSize} bytes and ${SETUP_LIMIT} fit beside its stack: use the 32-bit entry`,
    );
  }
}

/**
 * End of the memory that the kernel uses until it reads the memory map. It unpacks itself to its
 * aligned load address or to the preferred one, whichever is higher.
 */
function runtimeEnd({ payload, prefAddress, initSize, kernelAlignment }: LinuxImage): number {
  const aligned = Math.ceil(LOAD_ADDRESS / kernelAlignment) * kernelAlignment;
  const loaded = LOAD_ADDRESS + payload.length;
  return initSize === 0 ? loaded : Math.max(loaded, Math.max(aligned, prefAddress) + initSize);
}

function enterKernel(
  memory: BootMemory,
  image: LinuxImage,
  values: HeaderValues,
  { layout, rsdp = 0, textScreen = false }: BootRequest,
  entry: '32-bit' | '64-bit',
): EntryState {
  const { gdt, info, pageTables, stackTop } = LOADER_AREA;
  const facts = { layout, e820: e820Map(layout), rsdp, textScreen };
  memory.put('boot_params', info, bootParams(image, values, facts));
  memory.put('the GDT', gdt, bootGdt(entry === '64-bit' ? 'long' : 'protected'));
  const registers = { rsi: info, rsp: stackTop };
  if (entry === '32-bit') return protectedEntry(LOAD_ADDRESS, gdt, registers);
  memory.put('the page tables', pageTables, identityMap(pageTables));
  return longEntry(LOAD_ADDRESS + ENTRY_64, gdt, pageTables, registers);
}

function enterSetup(memory: BootMemory, image: LinuxImage, values: HeaderValues): EntryState {
  const setup = image.bytes.slice(0, image.setupSize);
  writeHeader(new DataView(setup.buffer), { ...values, heapEnd: HEAP_END });
  memory.put('the setup code', LOADER_AREA.info, setup, HEAP_END);
  const segment = LOADER_AREA.info / 16;
  return realEntry(segment + 0x20, segment, HEAP_END);
}
