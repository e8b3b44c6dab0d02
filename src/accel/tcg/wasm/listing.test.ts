import { expect, test } from 'vitest';
import { HINT, I32, I64, MEMORY, OP, SIMD, TRUNC_SAT, VECTOR_MEMORY, WasmCode } from './code.ts';
import { listing } from './listing.ts';

const list = (print: (code: WasmCode) => void): string[] => {
  const code = new WasmCode();
  print(code);
  return listing(code, [], [{ name: 'h_div32', signature: { params: 0, result: false } }])
    .split('\n')
    .slice(1);
};

test('what blocks hold is indented, and immediates are read', () => {
  const code = new WasmCode();
  code.block();
  code.loop();
  code.get(300);
  code.i32(-65);
  code.op(OP.i32_add);
  code.tee(2);
  code.if();
  code.i64(0, -0x80000000);
  code.set(1);
  code.op(OP.else);
  code.try();
  code.call(1);
  code.catchAll();
  code.rethrow(0);
  code.op(OP.end);
  code.op(OP.end);
  code.br(1);
  code.op(OP.end);
  code.op(OP.end);
  code.f64(1.5);
  code.i32(0);
  code.memory(MEMORY.i32_load8_u, 70_000);
  code.brTable([1, 2], 0);
  code.returnCall(0);
  const imports = ['leave', 'faultAt'].map((name) => ({ name, signature: { params: 0, result: false } }));
  expect(listing(code, [I32, I64], imports)).toBe(`(local i32 i64)
block
  loop
    local.get 300
    i32.const -65
    i32.add
    local.tee 2
    if
      i64.const -9223372036854775808
      local.set 1
    else
      try
        call faultAt
      catch_all
        rethrow 0
      end
    end
    br 1
  end
end
f64.const 1.5
i32.const 0
i32.load8_u offset=70000
br_table 1 2 0
return_call leave`);
});

test('all that code.ts has a name for is named as the specification does', () => {
  const plain = Object.entries(OP).filter(([name]) => name !== 'end');
  expect(
    plain.map(([, op]) =>
      list((code) => {
        if (op === OP.else) code.if();
        code.op(op);
      }).at(-1),
    ),
  ).toEqual(plain.map(([name]) => name.replace('_', '.')));
  expect(
    list((code) => {
      for (const op of Object.values(SIMD)) code.simd(op);
    }),
  ).toEqual(Object.keys(SIMD).map((name) => name.replace('_', '.')));
  expect(
    list((code) => {
      for (const op of Object.values(MEMORY)) code.memory(op, 5);
    }),
  ).toEqual(Object.keys(MEMORY).map((name) => `${name.replace('_', '.')} offset=5`));
  expect(
    list((code) => {
      for (const op of Object.values(VECTOR_MEMORY)) code.vectorMemory(op, 5);
    }),
  ).toEqual(Object.keys(VECTOR_MEMORY).map((name) => `v128.${name} offset=5`));
  expect(
    list((code) => {
      for (const op of Object.values(TRUNC_SAT)) code.truncSat(op);
    }),
  ).toEqual(['i32.trunc_sat_f64_s', 'i64.trunc_sat_f64_s']);
});

test('vectors, tables and calls', () => {
  const bytes = Array.from({ length: 16 }, (_, n) => n);
  const lines = list((code) => {
    code.v128(Uint8Array.from(bytes));
    code.shuffle(bytes);
    code.loadUpper(8);
    code.global(1);
    code.replaceLowest(I32);
    code.replaceLowest(I64);
    code.tableSize();
    code.returnCallIndirect(3);
    code.call(0);
    code.call(9);
    code.f32(0.5);
    code.brIf(200);
  });
  expect(lines).toEqual([
    `v128.const i8x16 ${bytes.join(' ')}`,
    `i8x16.shuffle ${bytes.join(' ')}`,
    'v128.load64_lane offset=8 1',
    'global.get 1',
    'i32x4.replace_lane 0',
    'i64x2.replace_lane 0',
    'table.size',
    'return_call_indirect (type 3)',
    'call h_div32',
    'call 9',
    'f32.const 0.5',
    'br_if 200',
  ]);
});

test('it ends at what it does not know', () => {
  expect(
    list((code) => {
      code.op(OP.drop);
      code.byte(0xff);
      code.op(OP.drop);
    }),
  ).toEqual(['drop', '0xff is not known']);
});

test('branches whose condition is mostly or seldom true', () => {
  const code = new WasmCode();
  code.block();
  code.get(0);
  code.brIf(0, HINT.UNLIKELY);
  code.get(0);
  code.if(HINT.LIKELY);
  code.op(OP.end);
  code.op(OP.end);
  expect(listing(code, [], []).split('\n')).toEqual(
    expect.arrayContaining(['  br_if 0 ;; unlikely', '  if ;; likely']),
  );
});
