import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { deoptTable, parseDeopt } from '../../scripts/deopts.ts';

/** Optimised for numbers, then called with a string. */
const PROGRAM = `
function region_7_0_c0100000(a, b) { return a + b; }
%PrepareFunctionForOptimization(region_7_0_c0100000);
for (let i = 0; i < 100; i++) region_7_0_c0100000(i, 1);
%OptimizeFunctionOnNextCall(region_7_0_c0100000);
region_7_0_c0100000(1, 1);
region_7_0_c0100000('a', 'b');
`;

it('reads what this V8 prints', () => {
  const text = execFileSync(process.execPath, ['--trace-deopt', '--allow-natives-syntax', '-e', PROGRAM], {
    encoding: 'utf8',
  });
  const deopts = text.split('\n').flatMap((line) => parseDeopt(line) ?? []);
  expect(deoptTable(deopts)).toMatch(/^ +1 {2}region_7_0_c0100000: 1 \w+/m);
});

it('counts by function and reason, regions first', () => {
  const deopt = (name: string, reason: string) => ({ name, reason });
  const table = deoptTable([deopt('a', 'x'), deopt('a', 'x'), deopt('region_1_0_0', 'y'), deopt('a', 'z')]);
  expect(table.split('\n').map((line) => line.trim())).toEqual(['1  region_1_0_0: 1 y', '3  a: 2 x, 1 z']);
});
