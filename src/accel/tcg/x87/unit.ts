import { quickX87 } from '../../../cpu/helpers/x87-quick.ts';
import type { WasmMemory } from '../../../memory/ram.ts';
import { type Definition, moduleWith } from '../wasm/expressions.ts';
import { functionOf } from '../wasm/web-assembly.ts';
import { numbers, SIGN } from './number-code.ts';
import { order } from './order-code.ts';
import { product } from './product-code.ts';
import { quotient } from './quotient-code.ts';
import { sum } from './sum-code.ts';

/**
 * d = a op b, of registers by their first state words, with the usual control word (x87-quick.ts): 0 where nothing was
 * done, because an operand or the result is not a normal number or zero.
 */
type Operation = (d: number, a: number, b: number) => number;

/** -1, 0 or 1 as a is less than, equal to or greater than b; -2 where that is not told. */
type Order = (a: number, b: number) => number;

/** What regions do with the x87's registers. */
export interface X87Unit {
  readonly add: Operation;
  readonly subtract: Operation;
  readonly multiply: Operation;
  readonly divide: Operation;
  readonly order: Order;
}

/** WebAssembly where the state lies in its memory, else JavaScript. @param w the state's words */
export function x87Unit(w: Int32Array, memory: WasmMemory | undefined): X87Unit {
  if (memory === undefined || memory.buffer !== w.buffer) return plainUnit(w);
  const code = numbers(w.byteOffset);
  const compile = (definition: Definition) => functionOf(moduleWith(definition), { memory }) as Operation & Order;
  return {
    add: compile(sum(code, 0)),
    subtract: compile(sum(code, SIGN)),
    multiply: compile(product(code)),
    divide: compile(quotient(code)),
    order: compile(order(code)),
  };
}

function plainUnit(w: Int32Array): X87Unit {
  const quick = quickX87(w);
  const operation =
    (number: number): Operation =>
    (d, a, b) =>
      quick.operate(number, d, a, b) ? 1 : 0;
  return { add: operation(0), subtract: operation(4), multiply: operation(1), divide: () => 0, order: quick.order };
}
