import { loadHugePages } from '../accel/huge-pages.ts';
import { parseAccelerators, selectAccelerator } from '../accel/select.ts';
import { KeptForms } from '../accel/tcg/kept/kept-forms.ts';
import { KeptRegions } from '../accel/tcg/kept/kept-regions.ts';
import { DEFAULT_MODEL } from '../cpu/cpuid.ts';
import { DEFAULT_GUEST, readInput } from '../host/files.ts';
import { atEnd, KeptFile, nameOfCode } from '../host/kept-file.ts';
import { codeOfScript, runScript } from '../host/kept-script.ts';
import { BootError } from './boot/boot-error.ts';
import { Machine, type MachineConfig } from './machine.ts';
import { checkMemorySize, parseMemorySize } from './memory-size.ts';

/** A file, by its path or as its contents. */
export type FileOrBytes = string | Uint8Array;

type Files = 'kernel' | 'initrd' | 'firmware';

/** What a machine is made of; everything has a default. */
export interface MachineOptions extends Omit<MachineConfig, Files | 'memory' | 'accel' | 'kvm' | 'memoryAdvice'> {
  /** `tcg` (default), `kvm`, or a list in order of preference: `kvm:tcg`; with `tcg:kvm` it may move to kvm later. */
  readonly accel?: string;
  /** Told in one line which accelerator was taken from a list, and why. */
  readonly onNote?: (note: string) => void;
  /** bzImage, ELF kernel with a PVH note, or Multiboot kernel. Without a kernel the firmware is started. */
  readonly kernel?: FileOrBytes;
  readonly initrd?: FileOrBytes;
  /** ROM image, a multiple of 64 KiB; the built-in guest when not given. */
  readonly firmware?: FileOrBytes;
  /**
   * Folder where emitted code is kept for the next machine with the same kernel or ROM, which is faster then. Nothing
   * is kept when not given. The folder must be one that only its user can write to.
   */
  readonly jitCache?: string;
  /** Bytes, or text as `--memory` takes it: `'256M'`, which is the default. */
  readonly memory?: number | string;
}

/** Bytes at either end of a guest's image that its kept code is named by. */
const IMAGE_END = 64 * 1024;
const ROM_UNIT = 64 * 1024;
const ROM_MOST = 16 * 2 ** 20;

/**
 * Makes a machine, ready to `start()`. Its serial line is `machine.console`, unless `serial` brings another.
 *
 * @throws BootError, FileError, KvmError: one line that says what is wrong with a file or an option
 */
export async function createMachine(options: MachineOptions = {}): Promise<Machine> {
  const { kernel, initrd, firmware, memory = '256M', accel = 'tcg', onNote, jitCache, ...rest } = options;
  const bytes = typeof memory === 'string' ? parseMemorySize(memory) : checkMemorySize(memory, `${memory} bytes`);
  const names = parseAccelerators(accel);
  if (rest.icount === true && names.includes('kvm')) {
    throw new BootError('icount counts instructions, and kvm cannot: use tcg alone');
  }
  const { first, kvm, note } = await selectAccelerator(names);
  if (note !== undefined) onNote?.(note);
  // KVM brings its own memory.
  const memoryAdvice = kvm === undefined ? await loadHugePages() : undefined;
  const config: MachineConfig = {
    cpu: DEFAULT_MODEL,
    ...rest,
    memory: bytes,
    accel: first,
    ...(kvm && { kvm }),
    ...(memoryAdvice && { memoryAdvice }),
  };
  try {
    // A machine that may move to kvm has no WebAssembly.
    const keeps = first === 'tcg' && kvm === undefined && (rest.tier ?? 'jit') === 'jit';
    const machine = await build(config, { kernel, initrd, firmware }, keeps ? jitCache : undefined);
    if (kvm !== undefined) void machine.exit.then(() => kvm.close());
    return machine;
  } catch (error) {
    kvm?.close();
    throw error;
  }
}

async function build(
  config: MachineConfig,
  { kernel, initrd, firmware }: Pick<MachineOptions, Files>,
  jitCache: string | undefined,
): Promise<Machine> {
  const make = (whole: MachineConfig): Machine =>
    jitCache === undefined ? construct(whole) : withKeptCode(whole, jitCache);
  if (kernel === undefined) {
    if (initrd !== undefined) throw new BootError('an initrd needs a kernel: give one');
    return make({ ...config, firmware: await readRom(firmware ?? DEFAULT_GUEST) });
  }
  if (firmware !== undefined) throw new BootError('kernel and firmware exclude each other: give one');
  return make({
    ...config,
    kernel: await contents(kernel, 'kernel'),
    ...(initrd === undefined ? {} : { initrd: await contents(initrd, 'initrd') }),
  });
}

/** A machine that begins with the regions and forms which an earlier one made of the same guest, and leaves its own. */
function withKeptCode(config: MachineConfig, folder: string): Machine {
  const guest = config.kernel ?? config.firmware ?? new Uint8Array();
  const file = new KeptFile(folder, [nameOfCode(), ...endsOf(guest), `${config.memory} ${config.cpu}`]);
  const data = file.read() as { regions?: unknown; forms?: unknown } | null | undefined;
  const kept = new KeptRegions(data?.regions);
  const keptForms = new KeptForms({ run: runScript, codeOf: codeOfScript }, data?.forms);
  const machine = construct({ ...config, jit: { ...config.jit, kept, keptForms } });
  atEnd(machine.exit, () => {
    if (kept.isStale || keptForms.isStale) file.write({ regions: kept.data, forms: keptForms.data });
  });
  return machine;
}

/** What tells images apart; all that is kept is compared with the guest's bytes before it is used. */
const endsOf = (image: Uint8Array): readonly (string | Uint8Array)[] => [
  `${image.length}`,
  image.subarray(0, IMAGE_END),
  image.subarray(-IMAGE_END),
];

async function contents(file: FileOrBytes, what: string): Promise<Uint8Array> {
  return typeof file === 'string' ? readInput(file, what) : file;
}

async function readRom(file: FileOrBytes): Promise<Uint8Array> {
  const bytes = await contents(file, 'ROM image');
  if (bytes.length === 0 || bytes.length % ROM_UNIT !== 0 || bytes.length > ROM_MOST) {
    throw new BootError(
      `the ROM image has ${bytes.length} bytes: a ROM is a multiple of 65536 bytes, at most 16 MB; a kernel goes to --kernel`,
    );
  }
  return bytes;
}

function construct(config: MachineConfig): Machine {
  try {
    return new Machine(config);
  } catch (error) {
    if (error instanceof RangeError && /allocation failed/.test(error.message)) {
      throw new BootError(`this host does not have ${config.memory / 2 ** 20} MB to give: choose less memory`);
    }
    throw error;
  }
}
