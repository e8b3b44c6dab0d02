import { expect, test } from 'vitest';
import { IrBuilder, type ValueId } from '../../../cpu/ir/block.ts';
import type { PureName } from '../../../cpu/ir/ops.ts';
import { ValueFacts } from './value-facts.ts';

const EAX = 0;
const EDX = 4;

/** One instruction of a block: makes IR and tells the facts of it as a printer would. */
class Step {
  readonly ir = new IrBuilder();
  readonly #facts: ValueFacts;

  constructor(facts: ValueFacts) {
    this.#facts = facts;
    facts.begin(this.ir);
  }

  get(word: number): ValueId {
    const at = this.ir.add({ op: 'get', type: 'i32', slot: { word, param: null } });
    this.#facts.get(at, word);
    return at;
  }

  load(width: 1 | 2 | 4): ValueId {
    const address = this.ir.const32(0);
    const at = this.ir.add({ op: 'load', type: 'i32', width, address, forWrite: false, stack: false });
    this.#facts.load(at, width);
    return at;
  }

  /** The value, and the text that is printed for it where that is another's name. */
  pure(name: PureName, a: ValueId, b: ValueId | { known: number }): { at: ValueId; same: string | undefined } {
    const at = this.ir.pure(name, a, typeof b === 'number' ? b : this.ir.const32(b.known));
    const inst = this.ir.insts[at]!;
    if (inst.op !== 'pure') throw new Error('it was folded');
    return { at, same: this.#facts.pure(inst, at, (value) => `v${value}`) };
  }

  set(word: number, value: ValueId, sure = true): void {
    this.#facts.set(word, value, `s${value}`, sure);
  }
}

/** Puts a byte from memory into DL, whose other bits are what they were. */
function putLow(facts: ValueFacts): void {
  const step = new Step(facts);
  const byte = step.load(1);
  const kept = step.pure('and', step.get(EDX), { known: -256 }).at;
  step.set(EDX, step.pure('or', kept, byte).at);
}

test('a byte that was put into a register has its name when it is taken out', () => {
  const facts = new ValueFacts();
  putLow(facts);
  const step = new Step(facts);
  expect(step.pure('and', step.get(EDX), { known: 255 }).same).toMatch(/^v\d+$/);
  expect(step.pure('and', step.get(EAX), { known: 255 }).same).toBeUndefined();
});

test('a register that is written, or may be, is not known any more', () => {
  for (const sure of [true, false]) {
    const facts = new ValueFacts();
    putLow(facts);
    new Step(facts).set(EDX, sure ? new Step(facts).load(4) : new Step(facts).load(1), sure);
    const step = new Step(facts);
    expect(step.pure('and', step.get(EDX), { known: 255 }).same).toBeUndefined();
  }
});

test('nothing is left above a byte', () => {
  const step = new Step(new ValueFacts());
  expect(step.pure('and', step.load(1), { known: -256 }).same).toBe('0');
  expect(step.pure('and', step.load(2), { known: -256 }).same).toBeUndefined();
});

test('a table lies in one page when its last entry does', () => {
  const page = (base: number, width: 1 | 2, shift: number): number | undefined => {
    const facts = new ValueFacts();
    const step = new Step(facts);
    const { at } = step.pure('add', step.pure('shl', step.load(width), { known: shift }).at, { known: base });
    return facts.pageOf(at);
  };
  expect(page(0x146000, 1, 2)).toBe(0x146);
  expect(page(0x146c00, 1, 2)).toBe(0x146);
  expect(page(0x146c04, 1, 2)).toBeUndefined();
  expect(page(0x146000, 2, 2)).toBeUndefined();
  expect(page(-0x1000, 1, 2)).toBe(0xfffff);
  expect(page(-4, 1, 2)).toBeUndefined();
});
