import { join } from 'node:path';
import type { AcceleratorName } from '../accel/select.ts';
import { type JitOptions, parseRegionRange } from '../accel/tcg/jit/options.ts';
import { parsePasses } from '../accel/tcg/jit/passes.ts';
import type { Tier } from '../accel/tcg/vcpu.ts';
import { DEFAULT_MODEL, parseCpuModel } from '../cpu/cpuid.ts';
import type { CodeDump } from '../debug/dump-code.ts';
import { defaultCacheDirectory } from '../host/pull/guest-cache.ts';
import { GUEST_ARCHITECTURES, GUEST_NAMES, type GuestArch, type GuestName } from '../host/pull/pull-debian.ts';
import { type AccelSwitch, parseAccel, parseAccelSwitch } from './accel-switch.ts';
import type { BOOT_OPTIONS, Values } from './options.ts';
import { didYouMean } from './suggest.ts';
import { parseTrace, type TraceRequest } from './trace-option.ts';
import { UsageError } from './usage-error.ts';

/** Where COM1 leads. */
type SerialPlace = { readonly kind: 'stdio' | 'none' } | { readonly kind: 'file' | 'unix'; readonly path: string };

/** `emu boot` after its options were read and found sound; files have not been opened. */
export interface BootSettings {
  readonly guest: GuestName | undefined;
  readonly arch: GuestArch;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly bios: string | undefined;
  readonly append: string | undefined;
  /** As `--memory` takes it; undefined: the guest's own default. */
  readonly memory: string | undefined;
  readonly cpu: string;
  /** In order of preference. */
  readonly accel: readonly AcceleratorName[];
  readonly switchAccel: AccelSwitch | undefined;
  /** Undefined: the machine's own default. */
  readonly tier: Tier | undefined;
  readonly jit: JitOptions;
  /** Folder where emitted code is kept. */
  readonly jitCache: string | undefined;
  readonly icount: boolean;
  readonly noReboot: boolean;
  readonly serial: SerialPlace;
  readonly debugcon: string | undefined;
  readonly trace: TraceRequest | undefined;
  /** File to print to, standard error when it has no name. */
  readonly dumps: Partial<Record<CodeDump, string>>;
  readonly gdbPort: number | undefined;
  readonly stopped: boolean;
}

type BootValues = Values<typeof BOOT_OPTIONS>;
const TIERS: readonly Tier[] = ['jit', 'interp', 'eval'];
const GDB_DEFAULT_PORT = 1234;

/** @throws UsageError */
export function bootSettings(guests: readonly string[], values: BootValues): BootSettings {
  const guest = parseGuest(guests);
  refuseContradictions(guest, values);
  const switchAccel = values['switch-accel'] === undefined ? undefined : parseAccelSwitch(values['switch-accel']);
  if (values.smp !== undefined && !/^(cpus=)?1$/.test(values.smp)) {
    throw new UsageError(`-smp ${values.smp}: this version has one CPU: leave the option out`);
  }
  if (values.machine !== undefined && !/^(type=)?(pc|pc-i440fx.*)$/.test(values.machine)) {
    throw new UsageError(`-machine ${values.machine}: the only machine is pc: leave the option out`);
  }
  if (values.display !== undefined && values.display !== 'none') {
    throw new UsageError(`-display ${values.display}: this version has no display: leave the option out`);
  }
  return {
    guest,
    arch: parseArch(values.arch),
    kernel: values.kernel,
    initrd: values.initrd,
    bios: values.bios,
    append: values.append,
    memory: values.memory,
    accel: accelerators(parseAccel(values.accel ?? 'tcg'), switchAccel),
    switchAccel,
    cpu: parseCpu(values.cpu ?? DEFAULT_MODEL),
    tier: values.tier === undefined ? undefined : parseTier(values.tier),
    jit: jitOptions(values),
    jitCache: parseJitCache(values['jit-cache'] ?? 'on'),
    icount: values.icount === true,
    noReboot: values['no-reboot'] === true,
    serial: parseSerial(values.serial ?? 'stdio'),
    debugcon: values.debugcon === undefined ? undefined : parseDebugcon(values.debugcon),
    trace: values.trace === undefined ? undefined : parseTrace(values.trace),
    dumps: {
      ...(values['dump-ir'] === undefined ? {} : { ir: values['dump-ir'] }),
      ...(values['dump-jit'] === undefined ? {} : { jit: values['dump-jit'] }),
    },
    gdbPort: values.gdb === undefined ? (values.s === true ? GDB_DEFAULT_PORT : undefined) : parseGdb(values.gdb),
    stopped: values.S === true,
  };
}

function parseGuest(guests: readonly string[]): GuestName | undefined {
  const [name, extra] = guests;
  if (extra !== undefined) throw new UsageError(`one guest at a time: "${extra}" is one too many`);
  if (name === undefined) return undefined;
  if (!(GUEST_NAMES as readonly string[]).includes(name)) {
    const hint = didYouMean(name, GUEST_NAMES);
    throw new UsageError(
      `there is no guest "${name}"${hint || `: use ${GUEST_NAMES.join(' or ')}, nothing for the built-in one, or --kernel FILE`}`,
    );
  }
  return name as GuestName;
}

function refuseContradictions(guest: GuestName | undefined, values: BootValues): void {
  const { kernel, bios, initrd, append, arch } = values;
  if (guest !== undefined && (kernel ?? bios) !== undefined) {
    throw new UsageError(`${guest} brings its own kernel: leave out ${guest}, or --kernel and --bios`);
  }
  if (kernel !== undefined && bios !== undefined)
    throw new UsageError('--kernel and --bios exclude each other: give one');
  if (guest === undefined && arch !== undefined)
    throw new UsageError('--arch goes with a named guest: emu boot debian --arch i386');
  if (kernel !== undefined) return;
  if (initrd !== undefined) throw new UsageError('--initrd needs a kernel: give --kernel FILE');
  if (append !== undefined && guest === undefined) throw new UsageError('--append needs a kernel: give --kernel FILE');
}

/** @throws UsageError */
export function parseArch(text = 'amd64'): GuestArch {
  const found = GUEST_ARCHITECTURES.find((arch) => arch === text);
  if (found !== undefined) return found;
  throw new UsageError(`--arch ${text}: choose one of ${GUEST_ARCHITECTURES.join(', ')}`);
}

/** A machine that is to move to kvm later must be made for it. */
function accelerators(names: AcceleratorName[], later: AccelSwitch | undefined): AcceleratorName[] {
  return later === undefined || names.includes(later.to) ? names : [...names, later.to];
}

function parseTier(text: string): Tier {
  const tier = TIERS.find((name) => name === text);
  if (tier === undefined) throw new UsageError(`--tier ${text}: choose one of ${TIERS.join(', ')}`);
  return tier;
}

function jitOptions(values: BootValues): JitOptions {
  const off = values['jit-off'];
  const only = values['jit-only'];
  return {
    ...(off === undefined ? {} : { passes: read('--jit-off', off, parsePasses) }),
    ...(only === undefined ? {} : { only: read('--jit-only', only, parseRegionRange) }),
  };
}

/** Where emitted code is kept; undefined for nowhere. */
function parseJitCache(text: string): string | undefined {
  if (text === 'off') return undefined;
  if (text === 'on') return join(defaultCacheDirectory(), 'jit');
  if (text === '') throw new UsageError('--jit-cache needs a value: on, off, or a folder');
  return text;
}

/** What `parse` makes of an option's value. @throws UsageError */
function read<T>(option: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${option} ${text}: ${(error as Error).message}`);
  }
}

function parseCpu(text: string): string {
  read('--cpu', text, parseCpuModel);
  return text;
}

function parseSerial(text: string): SerialPlace {
  if (text === 'stdio' || text === 'mon:stdio') return { kind: 'stdio' };
  if (text === 'none' || text === 'null') return { kind: 'none' };
  const [, kind, rest] = /^(file|unix):(.+)$/s.exec(text) ?? [];
  if (kind === 'file') return { kind, path: rest! };
  // QEMU's `,server=on,wait=off` says what is the case anyway.
  if (kind === 'unix') return { kind, path: rest!.replace(/(,(server|nowait|wait)(=(on|off))?)+$/, '') };
  throw new UsageError(`--serial ${text}: write stdio, file:FILE, unix:SOCKET or none`);
}

function parseDebugcon(text: string): string {
  const path = text.replace(/^file:/, '');
  if (path === '') throw new UsageError('--debugcon needs a file: --debugcon FILE, or stdio');
  return path;
}

function parseGdb(text: string): number {
  const [, host, digits] = /^(?:tcp:)?(?:(.*):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65535) {
    throw new UsageError(`--gdb ${text}: give a TCP port from 1 to 65535, e.g. --gdb 1234`);
  }
  if (host !== undefined && host !== '' && host !== '127.0.0.1' && host !== 'localhost') {
    throw new UsageError(`--gdb ${text}: gdb is served on 127.0.0.1 alone: give the port, and forward it with ssh -L`);
  }
  return port;
}
