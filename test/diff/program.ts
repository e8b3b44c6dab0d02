import { CS, DS, FS, GS } from '../../src/cpu/state.ts';
import { ALIAS, CODE, JUMP_TABLES, offsetIn, type World } from './layout.ts';

/** What an item needs to know when its bytes are made: linear addresses of labels. */
export interface Places {
  readonly world: World;
  address(label: number): number;
  tableAt(table: number): number;
}

/** One instruction, or a few that belong together. Its length does not depend on where labels are. */
export interface Item {
  readonly text: string;
  bytes(at: number, places: Places): readonly number[];
  /** The item is a mark in the program: never dropped. */
  readonly label?: number;
}

export interface Section {
  /** Linear address. */
  readonly at: number;
  readonly items: readonly Item[];
}

export interface Program {
  readonly seed: number;
  readonly world: World;
  readonly sections: readonly Section[];
  /** Labels that indirect jumps go to. */
  readonly tables: readonly (readonly number[])[];
  readonly hot: number;
  /** Budgets that the program is run with, one after the other, again and again. */
  readonly slices: readonly number[];
  /** An interrupt is raised behind each slice. */
  readonly interrupts: boolean;
}

export interface Assembled {
  readonly pieces: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  readonly tables: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  readonly labels: ReadonlyMap<number, number>;
}

const TABLE_BYTES = 64;
export const le = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => (i < 4 ? (value >> (8 * i)) & 255 : value < 0 ? 255 : 0));

export function assemble(program: Program): Assembled {
  const { world } = program;
  const labels = new Map<number, number>();
  const places = (known: boolean): Places => ({
    world,
    address: (label) => {
      const at = labels.get(label);
      if (known && at === undefined) throw new Error(`label ${label} is nowhere`);
      return at ?? CODE;
    },
    tableAt: (table) => JUMP_TABLES + TABLE_BYTES * table,
  });
  for (const { at, items } of program.sections) {
    let here = at;
    for (const item of items) {
      if (item.label !== undefined) labels.set(item.label, here);
      here += item.bytes(here, places(false)).length;
    }
  }
  const pieces = program.sections.map(({ at, items }) => {
    const bytes: number[] = [];
    for (const item of items) bytes.push(...item.bytes(at + bytes.length, places(true)));
    return { at, bytes: Uint8Array.from(bytes) };
  });
  const size = world.code / 8;
  const tables = program.tables.map((targets, table) => ({
    at: JUMP_TABLES + TABLE_BYTES * table,
    bytes: Uint8Array.from(targets.flatMap((label) => le(offsetIn(world, CS, labels.get(label)!), size))),
  }));
  return { pieces, tables, labels };
}

// ---- items ----

export const raw = (bytes: ArrayLike<number>, text = 'raw'): Item => {
  const copy = Array.from(bytes);
  return { text, bytes: () => copy };
};

export const mark = (label: number): Item => ({ text: `l${label}:`, label, bytes: () => [] });

function relative(opcode: readonly number[], label: number, text: string): Item {
  return {
    text: `${text} l${label}`,
    bytes(at, { world, address }) {
      const size = world.code === 16 ? 2 : 4;
      return [...opcode, ...le(address(label) - (at + opcode.length + size), size)];
    },
  };
}

export const jcc = (cc: number, label: number): Item => relative([0x0f, 0x80 + cc], label, `j${cc}`);
export const jmp = (label: number): Item => relative([0xe9], label, 'jmp');
export const call = (label: number): Item => relative([0xe8], label, 'call');

/** LOOPNE, LOOPE, LOOP, JrCXZ (E0h-E3h), or two NOPs when the target is out of reach. */
export const short = (opcode: number, label: number): Item => ({
  text: `short ${opcode.toString(16)} l${label}`,
  bytes(at, { address }) {
    const distance = address(label) - (at + 2);
    return distance < -128 || distance > 127 ? [0x90, 0x90] : [opcode, distance & 255];
  },
});

/** An operand at a fixed linear address, seen as data, as code, or as the code's other address. */
function absolute(world: World, reg: number, linear: number, seen: 'data' | 'code' | 'alias'): [number[], number[]] {
  const at = seen === 'alias' ? linear - CODE + ALIAS : linear;
  const flat = world.segments[DS]!.limit === -1;
  const seg = flat || seen === 'data' ? DS : seen === 'code' ? GS : FS;
  const prefix = seg === DS ? [] : [seg === GS ? 0x65 : 0x64];
  const offset = offsetIn(world, seg, at);
  if (world.code === 64) return [prefix, [(reg << 3) | 4, 0x25, ...le(offset, 4)]];
  if (world.code === 32) return [prefix, [(reg << 3) | 5, ...le(offset, 4)]];
  return [prefix, [(reg << 3) | 6, ...le(offset, 2)]];
}

const wide = (world: World): number[] => (world.code === 64 ? [0x48] : world.code === 16 ? [0x66] : []);
const dword = (world: World): number[] => (world.code === 16 ? [0x66] : []);

/** Where the program goes on after a fault. */
export const recoverAt = (slot: number, label: number): Item => ({
  text: `recover at l${label}`,
  bytes(_at, { world, address }) {
    const [prefix, operand] = absolute(world, 0, slot, 'data');
    return [...prefix, ...wide(world), 0xc7, ...operand, ...le(offsetIn(world, CS, address(label)), 4)];
  },
});

/** Stores a number in a 32-bit cell. */
export const setCell = (cell: number, value: number): Item => ({
  text: `mov [${cell.toString(16)}], ${value}`,
  bytes(_at, { world }) {
    const [prefix, operand] = absolute(world, 0, cell, 'data');
    return [...prefix, ...dword(world), 0xc7, ...operand, ...le(value, 4)];
  },
});

/** Counts a cell down by DEC, SUB 1 or ADD -1. */
export const countDown = (cell: number, how: 0 | 1 | 2): Item => ({
  text: `dec [${cell.toString(16)}]`,
  bytes(_at, { world }) {
    const [prefix, operand] = absolute(world, [1, 5, 0][how]!, cell, 'data');
    const body = how === 0 ? [0xff, ...operand] : [0x83, ...operand, how === 1 ? 1 : 255];
    return [...prefix, ...dword(world), ...body];
  },
});

/** TEST of a cell with a mask: ZF is set once in a while when the cell counts down. */
export const testCell = (cell: number, mask: number): Item => ({
  text: `test [${cell.toString(16)}], ${mask}`,
  bytes(_at, { world }) {
    const [prefix, operand] = absolute(world, 0, cell, 'data');
    return [...prefix, ...dword(world), 0xf7, ...operand, ...le(mask, 4)];
  },
});

/** Overwrites bytes of the program. */
export const patch = (label: number, delta: number, value: number, size: 1 | 4, seen: 'code' | 'alias'): Item => ({
  text: `patch l${label}+${delta} as ${seen}`,
  bytes(_at, { world, address }) {
    const [prefix, operand] = absolute(world, 0, address(label) + delta, seen);
    if (size === 1) return [...prefix, 0xc6, ...operand, value & 255];
    return [...prefix, ...dword(world), 0xc7, ...operand, ...le(value, 4)];
  },
});

/** Jumps or calls through one of four table entries, chosen by the low bits of a register. */
export const through = (table: number, reg: number, calls: boolean): Item => ({
  text: `${calls ? 'call' : 'jmp'} [table${table} + r${reg}]`,
  bytes(_at, { world, tableAt }) {
    const scale = { 16: 1, 32: 2, 64: 3 }[world.code];
    const modrm = (calls ? 0x10 : 0x20) | 4;
    return [
      ...[...dword(world), 0x83, 0xe0 | reg, 3],
      ...(world.code === 16 ? [0x67] : []),
      ...[0xff, modrm, (scale << 6) | (reg << 3) | 5, ...le(offsetIn(world, DS, tableAt(table)), 4)],
    ];
  },
});
