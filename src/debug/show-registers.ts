import { readRflags } from '../cpu/flags.ts';
import { AR, type CpuState, CR0, CS, EFER, FIELDS, FLAG, GS, LDTR, TR, W } from '../cpu/state.ts';

const GPR_ROWS = [
  ['RAX', 0],
  ['RBX', 3],
  ['RCX', 1],
  ['RDX', 2],
  ['RSI', 6],
  ['RDI', 7],
  ['RBP', 5],
  ['RSP', 4],
] as const;
const HIGH_GPRS = Array.from({ length: 8 }, (_, n) => [n < 2 ? `R${n + 8} ` : `R${n + 8}`, n + 8] as const);
const SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS', 'LDT', 'TR'];
const FLAG_LETTERS: readonly [letter: string, bit: number][] = [
  ['D', FLAG.DF],
  ['O', FLAG.OF],
  ['S', FLAG.SF],
  ['Z', FLAG.ZF],
  ['A', FLAG.AF],
  ['P', FLAG.PF],
  ['C', FLAG.CF],
];

const digits = (value: bigint | number, count: number): string => value.toString(16).padStart(count, '0');

function rows(cells: readonly string[], perRow: number): string[] {
  const result: string[] = [];
  for (let i = 0; i < cells.length; i += perRow) result.push(cells.slice(i, i + perRow).join(' '));
  return result;
}

/** What a segment is, in words: `DPL=0 CS64 [-RA]`. */
function segmentKind(ar: number, long: boolean): string {
  if ((ar & AR.UNUSABLE) !== 0 || (ar & AR.P) === 0) return '';
  const dpl = `DPL=${(ar >> AR.DPL_SHIFT) & 3}`;
  if ((ar & AR.S) === 0) {
    const type = ar & AR.TYPE;
    if (type === 2) return `${dpl} LDT`;
    const width = long ? '64' : type >= 8 ? '32' : '16';
    return `${dpl} TSS${width}-${(type & 2) !== 0 ? 'busy' : 'avl'}`;
  }
  const letter = (bit: number, name: string): string => ((ar & bit) !== 0 ? name : '-');
  const access = letter(AR.ACCESSED, 'A');
  if ((ar & AR.CODE) === 0) {
    return `${dpl} DS${(ar & AR.DB) !== 0 ? '' : '16'} [${letter(AR.EXPAND_DOWN, 'E')}${letter(AR.WRITABLE, 'W')}${access}]`;
  }
  const width = long && (ar & AR.L) !== 0 ? '64' : (ar & AR.DB) !== 0 ? '32' : '16';
  return `${dpl} CS${width} [${letter(AR.CONFORMING, 'C')}${letter(AR.READABLE, 'R')}${access}]`;
}

/** All registers in the layout that QEMU's monitor has; 64-bit in IA-32e mode, else 32-bit. */
export function showRegisters(state: CpuState): string {
  const { words } = state;
  const long = (words[W.efer]! & EFER.LMA) !== 0;
  const wide = long ? 16 : 8;
  const word = (value: bigint): string => digits(BigInt.asUintN(4 * wide, value), wide);
  const name = (text: string): string => (long ? text : text.replace(/^R/, 'E'));
  const gpr = ([label, index]: readonly [string, number]): string => `${name(label)}=${word(state.get('gpr', index))}`;
  const flags = readRflags(words);
  const letters = FLAG_LETTERS.map(([letter, bit]) => ((flags & bit) !== 0 ? letter : '-')).join('');
  const segment = (index: number): string => {
    const ar = words[W.attributes + index]!;
    const label = SEGMENTS[index]!.padEnd(3);
    const selector = digits(words[W.selector + index]! & 0xffff, 4);
    const limit = digits(words[W.limit + index]! >>> 0, 8);
    const descriptor = digits(((ar & 0xf0ff) << 8) >>> 0, 8);
    return `${label}=${selector} ${word(state.get('base', index))} ${limit} ${descriptor} ${segmentKind(ar, long)}`.trimEnd();
  };
  const table = (label: string, base: 'gdtrBase' | 'idtrBase', limit: 'gdtrLimit' | 'idtrLimit'): string =>
    `${label}=     ${word(state.get(base))} ${digits(state.get(limit), 8)}`;
  const debug = (index: number): string => `DR${index}=${word(state.get('dr', index))}`;
  const x87 = (index: number): string => {
    const at = W.st + index * FIELDS.st.stride;
    return `FPR${index}=${digits(state.u64[at >> 1]!, 16)} ${digits(state.u16[2 * at + 4]!, 4)}`;
  };
  const xmm = (index: number): string => {
    const at = (W.xmm + index * FIELDS.xmm.stride) >> 1;
    return `XMM${String(index).padStart(2, '0')}=${digits(state.u64[at + 1]!, 16)} ${digits(state.u64[at]!, 16)}`;
  };
  return [
    ...rows((long ? [...GPR_ROWS, ...HIGH_GPRS] : GPR_ROWS).map(gpr), 4),
    `${name('RIP')}=${word(state.get('rip'))} ${name('RFL')}=${digits(flags >>> 0, 8)} [${letters}] CPL=${words[W.cpl]} ` +
      `II=${words[W.interruptShadow]} HLT=${words[W.halted]}`,
    ...Array.from({ length: GS + 1 }, (_, index) => segment(index)),
    segment(LDTR),
    segment(TR),
    table('GDT', 'gdtrBase', 'gdtrLimit'),
    table('IDT', 'idtrBase', 'idtrLimit'),
    `CR0=${digits(state.get('cr0'), 8)} CR2=${word(state.get('cr2'))} CR3=${word(state.get('cr3'))} CR4=${digits(state.get('cr4'), 8)}`,
    rows([0, 1, 2, 3].map(debug), 4)[0]!,
    rows([6, 7].map(debug), 2)[0]!,
    `EFER=${digits(state.get('efer'), 16)}`,
    `FCW=${digits(words[W.fcw]!, 4)} FSW=${digits(words[W.fsw]!, 4)} [ST=${(words[W.fsw]! >> 11) & 7}] FTW=${digits(words[W.ftw]!, 2)} MXCSR=${digits(state.get('mxcsr'), 8)}`,
    ...rows([0, 1, 2, 3, 4, 5, 6, 7].map(x87), 2),
    ...rows(
      Array.from({ length: long ? 16 : 8 }, (_, index) => xmm(index)),
      2,
    ),
  ].join('\n');
}

/** The mode that the CPU is in, in words. */
export function describeMode({ words }: CpuState): string {
  if ((words[W.cr0]! & CR0.PE) === 0) return 'real mode';
  if ((words[W.rflags]! & FLAG.VM) !== 0) return 'virtual-8086 mode';
  const ar = words[W.attributes + CS]!;
  const bits = (ar & AR.DB) !== 0 ? '32-bit' : '16-bit';
  if ((words[W.efer]! & EFER.LMA) === 0) return `protected mode, ${bits} code`;
  return (ar & AR.L) !== 0 ? '64-bit mode' : `compatibility mode, ${bits} code`;
}
