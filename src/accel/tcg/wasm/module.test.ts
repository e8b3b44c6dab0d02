import { expect, test } from 'vitest';
import { GuestRam } from '../../../memory/ram.ts';
import { HINT, I32, I64, MEMORY, OP, WasmCode } from './code.ts';
import { moduleOf } from './module.ts';
import { functionOf, newTable } from './web-assembly.ts';

const memory = GuestRam.allocate(65_536, 0, 0).memory!;
const words = new Int32Array(memory.buffer);

test('a function with parameters, locals of many types, a memory and imports', () => {
  const body = new WasmCode();
  const [first, second, wide, narrow] = [0, 1, 2, 3];
  // Bytes 8-15 become the product of the two, as i64; the result is what `m.add` makes of them.
  body.get(first);
  body.op(OP.i64_extend_i32_s);
  body.get(second);
  body.op(OP.i64_extend_i32_s);
  body.op(OP.i64_mul);
  body.set(wide);
  body.i32(0);
  body.get(wide);
  body.memory(MEMORY.i64_store, 8);
  body.get(first);
  body.get(second);
  body.call(1);
  body.tee(narrow);
  body.call(0);
  body.get(narrow);
  const told: number[] = [];
  const run = functionOf(
    moduleOf(
      [
        { name: 'tell', signature: { params: 1, result: false } },
        { name: 'add', signature: { params: 2, result: true } },
      ],
      { signature: { params: 2, result: true }, locals: [I64, I32], body },
    ),
    { memory, tell: (n: number) => told.push(n), add: (a: number, b: number) => a + b },
  );
  expect(run(-3, 0x7fffffff)).toBe(0x7ffffffc);
  expect(told).toEqual([0x7ffffffc]);
  expect(new BigInt64Array(memory.buffer, 8, 1)[0]).toBe(-3n * 0x7fffffffn);
});

test('a body of thousands of bytes, with blocks and a loop', () => {
  const body = new WasmCode();
  const [count, sum] = [0, 1];
  body.block();
  body.loop();
  body.get(count);
  body.op(OP.i32_eqz);
  body.brIf(1);
  for (let n = 0; n < 300; n++) {
    body.get(sum);
    body.i32(1000);
    body.op(OP.i32_add);
    body.set(sum);
  }
  body.get(count);
  body.i32(1);
  body.op(OP.i32_sub);
  body.set(count);
  body.br(0);
  body.op(OP.end);
  body.op(OP.end);
  body.get(sum);
  const run = functionOf(moduleOf([], { signature: { params: 1, result: true }, locals: [I32], body }), { memory });
  expect(run(5)).toBe(5 * 300 * 1000);
});

test('a table of functions is reached by tail calls', () => {
  const body = new WasmCode();
  body.i32(20);
  body.get(0);
  body.returnCallIndirect(1);
  const table = newTable(
    2,
    pass((n: number) => n + 1),
  );
  const signature = { params: 1, result: true };
  const module = moduleOf([], { signature, locals: [], body }, { table: signature });
  const run = functionOf(module, { memory, table });
  table.set(
    1,
    pass((n: number) => n + 2),
  );
  expect([run(0), run(1)]).toEqual([21, 22]);
  expect(() => run(2)).toThrow('table index is out of bounds');
});

test('without a function of its own it exports what it imports', () => {
  words[0] = 5;
  expect(pass((n: number) => n * words[0]!)(7)).toBe(35);
  const longName = 'n'.repeat(200);
  const module = moduleOf([{ name: longName, signature: { params: 0, result: true } }]);
  expect(functionOf(module, { [longName]: () => 3 })()).toBe(3);
});

test('what is wrong is found when it is compiled', () => {
  const body = new WasmCode();
  body.op(OP.i64_add);
  const module = moduleOf([], { signature: { params: 0, result: true }, locals: [], body });
  expect(() => functionOf(module, { memory })).toThrow(/not enough arguments on the stack for i64.add/);
});

const pass = (callee: CallableFunction): CallableFunction =>
  functionOf(moduleOf([{ name: 'callee', signature: { params: 1, result: true } }]), { callee });

test('hints name branches by their place in the function, its locals included', () => {
  const [IF, BR_IF] = [0x04, 0x0d];
  const inner = new WasmCode();
  inner.get(0);
  inner.if(HINT.UNLIKELY);
  inner.op(OP.end);
  inner.get(0);
  inner.brIf(0, HINT.LIKELY);
  const body = new WasmCode();
  body.block();
  body.appendCode(inner);
  body.op(OP.end);
  const module = moduleOf([], { signature: { params: 1, result: false }, locals: [I64, I32], body });
  const name = 'metadata.code.branch_hint';
  const at = Buffer.from(module).indexOf(name) + name.length;
  // One function, number 0, with two hints of one byte each.
  const [functions, number, hints, first, one, unlikely, second, alsoOne, likely] = module.subarray(at);
  expect([functions, number, hints, one, alsoOne]).toEqual([1, 0, 2, 1, 1]);
  expect([unlikely, likely]).toEqual([HINT.UNLIKELY, HINT.LIKELY]);
  // The code section has the one function.
  const code = module.subarray(at + 9 + 4);
  expect([code[first!], code[second!]]).toEqual([IF, BR_IF]);
  expect(functionOf(module, { memory })(1)).toBeUndefined();
});
