import { describe, expect, it } from 'vitest';
import { IrBuilder } from '../../../cpu/ir/block.ts';
import { RAX, RBX, W } from '../../../cpu/state.ts';
import { GPRS, knownHalves } from './high-halves.ts';

const slot = (register: number) => ({ word: W.gpr + 2 * register, param: null });
const registers = (rax?: number, rbx?: number) =>
  Array.from({ length: GPRS }, (_, register) => (register === RAX ? rax : register === RBX ? rbx : undefined));

/** `rax = rax op addend`, the addend being a constant or rbx. */
function arithmetic(name: 'add64' | 'sub64', addend?: number): IrBuilder {
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

it('nothing is known where guards are not wanted, or one half is not known', () => {
  expect(knownHalves(arithmetic('add64', 8), registers(0), false).after[RAX]).toBeUndefined();
  expect(knownHalves(arithmetic('add64'), registers(0), true).after[RAX]).toBeUndefined();
});
