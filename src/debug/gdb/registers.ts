import { readRflags, writeRflags } from '../../cpu/flags.ts';
import { type CpuState, CS, DS, ES, FIELDS, type FieldName, FLAG, FS, GS, SS, W } from '../../cpu/state.ts';

/** A register as gdb sees it: its place in the g packet is its place in the list. */
export interface GdbRegister {
  readonly name: string;
  readonly bytes: number;
  /** Type name in the target description. */
  readonly type: string;
  /** Feature of the target description that it belongs to. */
  readonly feature: string;
  readonly group?: string;
  /** Little-endian, `bytes` long. */
  read(state: CpuState): Uint8Array;
  /** False when this register cannot be given this value from outside. */
  write(state: CpuState, value: Uint8Array): boolean;
}

const CORE = 'org.gnu.gdb.i386.core';
const SSE = 'org.gnu.gdb.i386.sse';
const SEGMENTS = 'org.gnu.gdb.i386.segments';
const SYSTEM = 'org.emu.i386.system';

const GPR_32 = 'eax ecx edx ebx esp ebp esi edi'.split(' ').map((name, field) => ({ name, field }));
/** gdb's order of the 64-bit registers, with the place of each in the state. */
const GPR_64 = [
  ...Object.entries({ rax: 0, rbx: 3, rcx: 1, rdx: 2, rsi: 6, rdi: 7, rbp: 5, rsp: 4 }),
  ...Array.from({ length: 8 }, (_, n) => [`r${n + 8}`, n + 8] as const),
].map(([name, field]) => ({ name, field }));
const SELECTORS = { cs: CS, ss: SS, ds: DS, es: ES, fs: FS, gs: GS };
/** RFLAGS bits that may be changed from outside; VM goes with the segments. */
const FLAGS_MASK = 0x3f7fd5 & ~FLAG.VM;
const MXCSR_MASK = 0xffff;

function toBytes(value: bigint, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) result[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return result;
}

const toValue = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

interface Value {
  get(state: CpuState): bigint;
  /** Absent: the value can only be confirmed. */
  set?(state: CpuState, value: bigint): void;
}

function numeric(
  name: string,
  bytes: number,
  type: string,
  feature: string,
  value: Value,
  group?: string,
): GdbRegister {
  const { get, set } = value;
  return {
    name,
    bytes,
    type,
    feature,
    ...(group === undefined ? {} : { group }),
    read: (state) => toBytes(get(state), bytes),
    write(state, from) {
      const wanted = toValue(from);
      if (set !== undefined) set(state, wanted);
      return set !== undefined || wanted === BigInt.asUintN(8 * bytes, get(state));
    },
  };
}

const field = (name: FieldName, index = 0): Value => ({
  get: (state) => state.get(name, index),
  set: (state, value) => state.set(name, value, index),
});
const fixed = (name: FieldName, index = 0): Value => ({ get: (state) => state.get(name, index) });
const masked = (name: FieldName, mask: bigint): Value => ({
  get: (state) => state.get(name) & mask,
  set: (state, value) => state.set(name, value & mask),
});

const FLAGS: Value = {
  get: (state) => BigInt(readRflags(state.words) >>> 0),
  set(state, value) {
    const { words } = state;
    writeRflags(words, (words[W.rflags]! & ~FLAGS_MASK) | (Number(value & 0xffffffffn) & FLAGS_MASK));
  },
};

const top = (state: CpuState): number => (state.words[W.fsw]! >> 11) & 7;

/** The tag word with two bits a register (SDM 1 8.1.7): 0 valid, 1 zero, 2 special, 3 empty. */
function tagWord({ words, u64, u16 }: CpuState): bigint {
  let tags = 0;
  for (let physical = 0; physical < 8; physical++) {
    const at = W.st + physical * FIELDS.st.stride;
    const exponent = u16[2 * at + 4]! & 0x7fff;
    const significand = u64[at >> 1]!;
    let tag = 2;
    if (((words[W.ftw]! >> physical) & 1) === 0) tag = 3;
    else if (exponent === 0 && significand === 0n) tag = 1;
    else if (exponent !== 0 && exponent !== 0x7fff && significand >> 63n === 1n) tag = 0;
    tags |= tag << (2 * physical);
  }
  return BigInt(tags);
}

const TAGS: Value = {
  get: tagWord,
  set(state, value) {
    let abridged = 0;
    for (let i = 0; i < 8; i++) if (((value >> BigInt(2 * i)) & 3n) !== 3n) abridged |= 1 << i;
    state.words[W.ftw] = abridged;
  },
};

/** Bytes of element `index` of a 16-byte field. */
function vector(
  name: string,
  bytes: number,
  type: string,
  feature: string,
  place: (state: CpuState) => number,
): GdbRegister {
  return {
    name,
    bytes,
    type,
    feature,
    read: (state) => state.bytes.slice(4 * place(state), 4 * place(state) + bytes),
    write(state, from) {
      state.bytes.set(from, 4 * place(state));
      return true;
    },
  };
}

/**
 * The registers of a 64-bit (i386:x86-64) or 32-bit (i386) target, in the order of gdb's own descriptions, so that
 * a gdb which reads no description agrees. Selectors and control registers can be read only.
 */
export function gdbRegisters(long: boolean): readonly GdbRegister[] {
  const word = long ? 8 : 4;
  const int = long ? 'int64' : 'int32';
  const pointers = ['rsp', 'rbp', 'esp', 'ebp'];
  const sse = Array.from({ length: long ? 16 : 8 }, (_, n) => n);
  const x87: [string, Value][] = [
    ['fctrl', masked('fcw', 0x1f7fn)],
    ['fstat', masked('fsw', 0xffffn)],
    ['ftag', TAGS],
    ['fiseg', fixed('fcs')],
    ['fioff', fixed('fip')],
    ['foseg', fixed('fds')],
    ['fooff', fixed('fdp')],
    ['fop', fixed('fop')],
  ];
  const system: [string, FieldName][] = [
    ['cr0', 'cr0'],
    ['cr2', 'cr2'],
    ['cr3', 'cr3'],
    ['cr4', 'cr4'],
    ['cr8', 'cr8'],
    ['efer', 'efer'],
  ];
  return [
    ...(long ? GPR_64 : GPR_32).map(({ name, field: index }) =>
      numeric(name, word, pointers.includes(name) ? 'data_ptr' : int, CORE, field('gpr', index)),
    ),
    numeric(long ? 'rip' : 'eip', word, 'code_ptr', CORE, field('rip')),
    numeric('eflags', 4, 'i386_eflags', CORE, FLAGS),
    ...Object.entries(SELECTORS).map(([name, index]) => numeric(name, 4, 'int32', CORE, fixed('selector', index))),
    ...Array.from({ length: 8 }, (_, n) =>
      vector(`st${n}`, 10, 'i387_ext', CORE, (state) => W.st + ((top(state) + n) & 7) * FIELDS.st.stride),
    ),
    ...x87.map(([name, value]) => numeric(name, 4, 'int', CORE, value, 'float')),
    ...sse.map((n) => vector(`xmm${n}`, 16, 'vec128', SSE, () => W.xmm + n * FIELDS.xmm.stride)),
    numeric('mxcsr', 4, 'i386_mxcsr', SSE, masked('mxcsr', BigInt(MXCSR_MASK)), 'vector'),
    ...(long
      ? [
          numeric('fs_base', 8, 'int', SEGMENTS, field('base', FS)),
          numeric('gs_base', 8, 'int', SEGMENTS, field('base', GS)),
          numeric('k_gs_base', 8, 'int64', SYSTEM, field('kernelGsBase'), 'system'),
        ]
      : []),
    ...system.map(([name, source]) => numeric(name, word, int, SYSTEM, fixed(source), 'system')),
  ];
}
