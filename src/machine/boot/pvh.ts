import { BootError } from './boot-error.ts';
import { BootMemory, LOADER_AREA } from './boot-memory.ts';
import { placeModules } from './boot-modules.ts';
import type { BootPlan } from './boot-plan.ts';
import type { BootRequest } from './boot-request.ts';
import { encodeCommandLine } from './command-line.ts';
import { e820Map } from './e820.ts';
import { checkEntryPoint, type ElfImage, findNote, loadSegments, parseElf } from './elf.ts';
import { bootGdt, protectedEntry } from './entry-state.ts';
import { InfoArea, quad, words } from './info-area.ts';

/** ELF note "Xen", type 18: the 32-bit physical entry point (xen/include/public/elfnote.h). */
const XEN_ELFNOTE_PHYS32_ENTRY = 18;
const START_MAGIC = 0x336ec578;
const START_VERSION = 1;
/** Linux keeps 2048 bytes of it on x86 (COMMAND_LINE_SIZE) and would cut the rest off in silence. */
const COMMAND_LINE_LIMIT = 2047;
const EM_X86_64 = 62;

/**
 * An ELF kernel entered by PVH (docs/misc/pvh.pandoc and xen/include/public/arch-x86/hvm/start_info.h
 * of Xen): 32-bit protected mode without paging, EBX points to start_info.
 * @throws BootError
 */
export function planPvh(request: BootRequest): BootPlan {
  const image = parseElf(request.kernel);
  const entry = entryOf(image);
  if (image.bits === 64 && isX86_64(image) && request.longMode === false) {
    throw new BootError('the kernel is 64-bit and the CPU model has no long mode: use --cpu qemu64 or an i386 kernel');
  }
  const memory = new BootMemory(request.layout);
  const { gdt, commandLine, stackTop } = LOADER_AREA;
  memory.put('the GDT', gdt, bootGdt('protected'));
  memory.put('the command line', commandLine, encodeCommandLine(request.commandLine ?? '', COMMAND_LINE_LIMIT));
  const area = new InfoArea();
  memory.claim("the loader's tables", LOADER_AREA.info, LOADER_AREA.commandLine - LOADER_AREA.info);
  loadSegments(image, memory);
  checkEntryPoint(image, entry);
  const startInfo = placeStartInfo(request, memory, area);
  memory.write('start_info', LOADER_AREA.info, area.bytes);
  return {
    protocol: 'pvh',
    writes: memory.writes,
    entry: protectedEntry(entry, gdt, { rbx: startInfo, rsp: stackTop }),
  };
}

function entryOf(image: ElfImage): number {
  const found = note(image);
  if (found === undefined) {
    throw new BootError(
      'the ELF kernel has neither a PVH entry note nor a Multiboot header: build Linux with CONFIG_PVH=y, or give its bzImage',
    );
  }
  const view = new DataView(found.buffer, found.byteOffset, found.byteLength);
  if (found.length < 4) throw new BootError('the PVH note of the ELF kernel is too short: the file is damaged');
  return view.getUint32(0, true);
}

const note = (image: ElfImage): Uint8Array | undefined => findNote(image, 'Xen', XEN_ELFNOTE_PHYS32_ENTRY);

const isX86_64 = ({ bytes }: ElfImage): boolean => bytes[18] === EM_X86_64;

/** @returns the address of struct hvm_start_info, version 1 */
function placeStartInfo(request: BootRequest, memory: BootMemory, area: InfoArea): number {
  const modules = placeModules(request, memory);
  const list = modules.flatMap(({ base, length, commandLine }) => {
    const line = commandLine === '' ? 0 : area.place(encodeCommandLine(commandLine, COMMAND_LINE_LIMIT));
    return [...quad(base), ...quad(length), ...quad(line), 0, 0];
  });
  const map = e820Map(request.layout);
  const rows = map.flatMap(({ base, length, type }) => [...quad(base), ...quad(length), type, 0]);
  return area.place(
    words(
      START_MAGIC,
      START_VERSION,
      0, // flags: not the initial domain
      modules.length,
      ...quad(modules.length === 0 ? 0 : area.place(words(...list))),
      ...quad(LOADER_AREA.commandLine),
      ...quad(request.rsdp ?? 0),
      ...quad(area.place(words(...rows))),
      map.length,
      0,
    ),
  );
}
