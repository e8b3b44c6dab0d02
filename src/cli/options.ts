import { PASS_NAMES } from '../accel/tcg/jit/passes.ts';

/** An option of a command, for yargs and for the reading of QEMU's single-dash spellings. */
interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** The value may be left out; it is given with `=`. */
  readonly optional?: boolean;
  /** Other names; one character: a short option. */
  readonly alias?: readonly string[];
  readonly describe: string;
  readonly default?: string;
  readonly group?: string;
  /** Accepted, not shown in the help. */
  readonly hidden?: boolean;
  /** What stands for the value in the help, e.g. FILE. */
  readonly value?: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

const GUEST = 'Guest:';
const MACHINE = 'Machine:';
const HOST = 'Input and output:';
const DEBUG = 'Debugging:';

export const BOOT_OPTIONS = {
  kernel: {
    type: 'string',
    group: GUEST,
    value: 'FILE',
    describe: 'bzImage, ELF kernel with a PVH note, or Multiboot kernel',
  },
  initrd: {
    type: 'string',
    group: GUEST,
    value: 'FILE',
    describe: 'initial RAM disk (first module of a Multiboot kernel)',
  },
  append: {
    type: 'string',
    group: GUEST,
    value: 'TEXT',
    describe: 'kernel command line; added to the one of a named guest',
  },
  arch: { type: 'string', group: GUEST, value: 'ARCH', describe: 'amd64 or i386, for a named guest (default: amd64)' },
  bios: {
    type: 'string',
    group: GUEST,
    value: 'FILE',
    describe: 'ROM image entered at the reset vector, a multiple of 64 KiB',
  },
  memory: {
    type: 'string',
    alias: ['m'],
    group: MACHINE,
    value: 'SIZE',
    describe: 'RAM: 2M to 4095M, suffix K, M or G (default: 256M)',
  },
  accel: {
    type: 'string',
    group: MACHINE,
    value: 'NAME',
    describe: 'what runs the CPU: tcg (default) or kvm; kvm:tcg takes the first that works, tcg:kvm may move to kvm',
  },
  'switch-accel': {
    type: 'string',
    group: MACHINE,
    value: 'NAME:TEXT',
    describe: 'move the guest to kvm or tcg when it prints TEXT on COM1',
  },
  tier: {
    type: 'string',
    group: MACHINE,
    value: 'TIER',
    describe: 'how tcg runs code: jit (default), interp, or eval, the slow reference',
  },
  'jit-cache': {
    type: 'string',
    group: MACHINE,
    value: 'WHERE',
    describe: "keep code that was made for the guest's next start: on (default), off, or a folder of your own",
  },
  cpu: {
    type: 'string',
    group: MACHINE,
    value: 'MODEL,+F,-F',
    describe: 'qemu32, qemu64 or max (default), features added or removed',
  },
  smp: { type: 'string', group: MACHINE, value: 'N', describe: 'number of CPUs: 1' },
  icount: { type: 'boolean', group: MACHINE, describe: 'guest time counts instructions: two runs are the same' },
  'no-reboot': { type: 'boolean', group: MACHINE, describe: 'end instead of starting again when the guest resets' },
  serial: {
    type: 'string',
    group: HOST,
    value: 'WHERE',
    describe: 'COM1: stdio (default), file:FILE, unix:SOCKET (emu listens), none',
  },
  debugcon: { type: 'string', group: HOST, value: 'WHERE', describe: 'port E9h: a file, or stdio for standard error' },
  nographic: { type: 'boolean', group: HOST, describe: 'accepted; there is no other way' },
  trace: {
    type: 'string',
    group: DEBUG,
    value: 'CH,CH[:FILE]',
    describe: 'print events: cpu, int, mmu, io, mmio, irq (to standard error)',
  },
  'jit-off': {
    type: 'string',
    group: DEBUG,
    value: 'PASS,PASS',
    describe: `leave passes of the JIT out: ${PASS_NAMES.join(', ')}; all; all,+loops: all but one`,
  },
  'jit-only': {
    type: 'string',
    group: DEBUG,
    value: 'LO..HI',
    describe:
      'compile only the regions with these numbers, HI not included; scripts/jit-bisect looks for the guilty one',
  },
  'dump-ir': {
    type: 'string',
    optional: true,
    group: DEBUG,
    value: '[=FILE]',
    describe: 'print the instructions and the IR of each region that is compiled (to standard error)',
  },
  'dump-jit': {
    type: 'string',
    optional: true,
    group: DEBUG,
    value: '[=FILE]',
    describe: 'print the JavaScript and WebAssembly that instructions and regions become (to standard error)',
  },
  gdb: { type: 'string', group: DEBUG, value: 'PORT', describe: 'wait for gdb on this TCP port of 127.0.0.1' },
  s: { type: 'boolean', group: DEBUG, describe: 'the same as --gdb 1234' },
  S: { type: 'boolean', group: DEBUG, describe: 'start stopped: gdb or the monitor (Ctrl-A c) says cont' },
  machine: { type: 'string', alias: ['M'], hidden: true, describe: 'pc' },
  display: { type: 'string', hidden: true, describe: 'none' },
} as const satisfies OptionTable;

export const PULL_OPTIONS = {
  arch: { type: 'string', value: 'ARCH', describe: 'amd64 or i386 (default: amd64)' },
  force: { type: 'boolean', describe: 'make the guest anew even when the cached one is complete' },
} as const satisfies OptionTable;

export const DISASM_OPTIONS = {
  bits: { type: 'string', value: 'N', describe: '16, 32 or 64 (default: as the ELF file says, 32 for raw bytes)' },
  address: {
    type: 'string',
    value: 'A',
    describe: 'address of the first byte (default: as the ELF file says, 0 for raw bytes)',
  },
  offset: { type: 'string', value: 'O', describe: 'where in the file, or in .text, to begin (default: 0)' },
  count: { type: 'string', value: 'N', describe: 'how many instructions (default: all)' },
} as const satisfies OptionTable;

export const BENCH_OPTIONS = {
  accel: { type: 'string', value: 'LIST', describe: 'kvm, tcg (default: both)' },
  tier: { type: 'string', value: 'LIST', describe: 'tiers of tcg: jit, interp, eval (default: jit,interp)' },
  filter: {
    type: 'string',
    value: 'REGEX',
    describe: 'workloads by name and width or guest: "integer/64", "amd64", "i386"',
  },
  json: { type: 'string', value: 'FILE', describe: 'write every sample' },
  svg: { type: 'string', value: 'FILE', describe: 'draw a bar chart (needs the package echarts)' },
} as const satisfies OptionTable;

export const COMPARE_OPTIONS = {
  until: { type: 'string', value: 'TEXT', describe: 'let both run until they print this (default: the prompt)' },
  type: { type: 'string', value: 'TEXT', describe: 'type this line then, and go on to the next prompt' },
  lockstep: {
    type: 'string',
    value: 'N',
    describe: 'then step N instructions side by side from one state, with --type right behind the typing',
  },
  skip: { type: 'string', value: 'N', describe: 'instructions to run before the steps begin (default: 0)' },
  timeout: { type: 'string', value: 'S', describe: 'seconds to wait for a text (default: 600)' },
} as const satisfies OptionTable;

/** Every command's options by name. */
export const COMMAND_OPTIONS: Readonly<Record<string, OptionTable>> = {
  boot: BOOT_OPTIONS,
  pull: PULL_OPTIONS,
  disasm: DISASM_OPTIONS,
  bench: BENCH_OPTIONS,
  compare: COMPARE_OPTIONS,
  accel: {},
};

/** Values after reading: every option is there or undefined. */
export type Values<T extends OptionTable> = {
  readonly [K in keyof T]?: T[K]['type'] extends 'boolean' ? boolean : string;
};
