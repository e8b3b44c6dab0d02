import { EDGES } from '../support/vector-operands.ts';

/**
 * Cases of single instructions, one a line: the bytes, a seed for registers, flags and memory, what differs
 * from the seed's values, and what the instruction changes.
 *
 *     480fafc3 17 rax=2,@a100=0123456789abcdef rax=6,f=4
 *
 * Registers and flags are hexadecimal, `@address=bytes` is memory, `rip` is given when it is not behind the
 * instruction, `#13` is an exception, `-` stands for an empty list. The instruction lies at CODE, data at DATA.
 */
export const CODE = 0x100800;
export const DATA = 0xa000;
export const PAGE = 4096;
export const REGISTERS = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

export interface State {
  readonly regs: bigint[];
  flags: number;
  rip: bigint;
  /** Exception vector, or -1. */
  vector: number;
  readonly data: Uint8Array;
}

export interface Case {
  readonly bytes: Uint8Array;
  readonly seed: number;
  readonly given: string;
  readonly changed: string;
}

export type Random = (below: number) => number;

/** The same numbers in every run (a linear congruential generator). */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state ^ (state >>> 15)) >>> 0) % below;
  };
}

function value(random: Random): bigint {
  if (random(3) === 0) {
    const edge = EDGES[random(EDGES.length)]!;
    const shift = [0n, 0n, 0n, 32n][random(4)]!;
    return BigInt.asUintN(64, random(3) === 0 ? -(edge << shift) : edge << shift);
  }
  const word = (): bigint => BigInt(random(0x10000));
  return (word() | (word() << 16n) | (word() << 32n) | (word() << 48n)) >> [0n, 0n, 0n, 16n, 32n, 48n][random(6)]!;
}

const FLAG_BITS = [1, 4, 0x10, 0x40, 0x80, 0x400, 0x800];

/** Registers, flags and memory that a seed stands for. Pointers are useful: the stack pointer always lies in the data. */
export function stateOf(seed: number, long: boolean): State {
  const random = createRandom(seed);
  const cut = (x: bigint): bigint => BigInt.asUintN(long ? 64 : 32, x);
  const regs = Array.from({ length: 16 }, () => cut(value(random)));
  if (!long) regs.fill(0n, 8);
  regs[4] = BigInt(DATA + 0x800 + random(16) * 8);
  let flags = 2;
  for (const bit of FLAG_BITS) if (random(2) === 0) flags |= bit;
  const data = new Uint8Array(PAGE);
  const view = new DataView(data.buffer);
  for (let at = 0; at < PAGE; at += 8) view.setBigUint64(at, value(random), true);
  return { regs, flags, rip: BigInt(CODE), vector: -1, data };
}

export const clone = (state: State): State => ({ ...state, regs: [...state.regs], data: state.data.slice() });

const hexBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Makes the changes of a list in `state`. */
export function apply(list: string, state: State): State {
  if (list === '-') return state;
  for (const item of list.split(',')) {
    const [name, text] = item.split('=') as [string, string];
    if (name.startsWith('#')) state.vector = Number(name.slice(1));
    else if (name.startsWith('@')) state.data.set(Buffer.from(text, 'hex'), Number.parseInt(name.slice(1), 16) - DATA);
    else if (name === 'f') state.flags = Number.parseInt(text, 16);
    else if (name === 'rip') state.rip = BigInt(`0x${text}`);
    else if (REGISTERS.includes(name)) state.regs[REGISTERS.indexOf(name)] = BigInt(`0x${text}`);
    else throw new Error(`case item "${item}" is not understood`);
  }
  return state;
}

/** The list that makes `after` of `before`; flags outside `mask` do not count. */
export function difference(before: State, after: State, mask = -1): string {
  const list: string[] = [];
  if (after.vector !== before.vector) list.push(`#${after.vector}`);
  after.regs.forEach((reg, n) => {
    if (reg !== before.regs[n]) list.push(`${REGISTERS[n]}=${reg.toString(16)}`);
  });
  if (after.rip !== before.rip) list.push(`rip=${after.rip.toString(16)}`);
  if (((after.flags ^ before.flags) & mask) !== 0) list.push(`f=${after.flags.toString(16)}`);
  for (let at = 0; at < PAGE; at++) {
    if (after.data[at] === before.data[at]) continue;
    let end = at;
    for (let n = at; n < Math.min(PAGE, end + 4); n++) if (after.data[n] !== before.data[n]) end = n + 1;
    list.push(`@${(DATA + at).toString(16)}=${hexBytes(after.data.subarray(at, end))}`);
    at = end;
  }
  return list.length === 0 ? '-' : list.join(',');
}

export function parseCases(text: string): Case[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [bytes, seed, given, changed] = line.split(' ') as [string, string, string, string];
      return { bytes: Buffer.from(bytes, 'hex'), seed: Number(seed), given, changed };
    });
}

export const formatCase = ({ bytes, seed, given, changed }: Case): string =>
  `${hexBytes(bytes)} ${seed} ${given} ${changed}`;
