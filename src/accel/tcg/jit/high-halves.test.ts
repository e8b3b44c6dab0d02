import { describe, expect, it } from 'vitest';
import { IrBuilder } from '../../../cpu/ir/block.ts';
import { RAX, RBX, W } from '../../../cpu/state.ts';
import { entryHigh, GPRS, knownHalves } from './high-halves.ts';

const slot = (register: number) => ({ word: W.gpr + 2 * register, param: null });
const registers = (rax?: number, rbx?: number) =>
  Array.from({ length: GPRS }, (_, register) => (register === RAX ? rax : register === RBX ? rbx : undefined));

/** `rax = rax op addend`, the addend being a constant or rbx. */
function arithmetic(name: 'add64' | 'sub64' | 'and64' | 'or64' | 'xor64', addend?: number): IrBuilder {
  const ir = new IrBuilder();
  const a = ir.add({ op: 'get', type: 'i64', slot: slot(RAX) });
  const b =
    addend === undefined ? ir.add({ op: 'get', type: 'i64', slot: slot(RBX) }) : ir.const64(addend, addend >> 31);
  ir.add({ op: 'set', slot: slot(RAX), value: ir.pure(name, a, b) });
  return ir;
}

describe('the likely upper half of', () => {
  it.each([
    ['a program address and a displacement', 'add64', 0x7fff, undefined, 0x40, 0x7fff],
    ['a program address and a negative displacement', 'add64', 0x7fff, undefined, -8, 0x7fff],
    ['a kernel address and a displacement', 'add64', -1, undefined, 0x40, -1],
    ['a kernel address and a negative displacement', 'add64', -1, undefined, -8, -1],
    ['an index and a table of the kernel', 'add64', 0, undefined, 0x81000000 | 0, -1],
    ['a counter and -1', 'add64', 0, undefined, -1, 0],
    ['a kernel address and an index', 'add64', -1, 0, undefined, -1],
    ['a program address and a negative index', 'add64', 0x7fff, -1, undefined, 0x7fff],
    ['the distance of two kernel addresses', 'sub64', -1, -1, undefined, 0],
    ['a kernel stack pointer moved down', 'sub64', -1, undefined, 0x20, -1],
  ] as const)('%s', (_, name, rax, rbx, addend, expected) => {
    const { after, guards } = knownHalves(arithmetic(name, addend), registers(rax, rbx), true);
    expect(after[RAX]).toBe(expected);
    expect(guards.size).toBe(1);
  });
});

const [HERE, THERE] = [entryHigh(RAX), entryHigh(RBX)];
describe('of an address that is known by name, the upper half of', () => {
  it.each([
    ['it and a displacement', 'add64', HERE, undefined, 0x40, HERE],
    ['it and a negative displacement', 'add64', HERE, undefined, -8, HERE],
    ['it and a large negative displacement', 'add64', HERE, undefined, -0x20000000, undefined],
    ['it and an index', 'add64', HERE, 0, undefined, HERE],
    ['it and a negative index', 'add64', HERE, -1, undefined, HERE],
    ['an index and it', 'add64', 0, THERE, undefined, THERE],
    ['it and another', 'add64', HERE, THERE, undefined, undefined],
    ['its distance to one beside it', 'sub64', HERE, HERE, undefined, 0],
    ['its distance to one elsewhere', 'sub64', HERE, THERE, undefined, undefined],
    ['it less a number', 'sub64', HERE, undefined, 0x20, HERE],
    ['it less a negative number', 'sub64', HERE, undefined, -0x20, HERE],
    ['a number less it', 'sub64', 0, THERE, undefined, undefined],
  ] as const)('%s', (_, name, rax, rbx, addend, expected) => {
    const { after, guards } = knownHalves(arithmetic(name, addend), registers(rax, rbx), true);
    expect(after[RAX]).toBe(expected);
    expect(guards.size).toBe(expected === undefined ? 0 : 1);
  });
});

it.each([
  ['and64', -1, HERE],
  ['and64', 0, 0],
  ['and64', 0x7ffff, undefined],
  ['or64', 0, HERE],
  ['or64', 1, undefined],
  ['xor64', 0, HERE],
  ['xor64', -1, undefined],
  ['xor64', HERE, 0],
] as const)('%s of an address known by name and %s', (name, half, expected) => {
  const { after } = knownHalves(arithmetic(name), registers(HERE, half), true);
  expect(after[RAX]).toBe(expected);
});

it('nothing is known where guards are not wanted, or one half is not known', () => {
  expect(knownHalves(arithmetic('add64', 8), registers(0), false).after[RAX]).toBeUndefined();
  expect(knownHalves(arithmetic('add64'), registers(0), true).after[RAX]).toBeUndefined();
});
