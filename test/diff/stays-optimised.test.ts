import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parseDeopt } from '../../scripts/deopts.ts';
import { divisionText } from '../../src/accel/tcg/jit/division.ts';
import { OPS } from '../../src/cpu/ir/ops.ts';

const half = (name: string) => ({ l: `${name}l`, h: `${name}h` });
const product = (op: 'mulhu' | 'mulhs'): string => `return ${OPS[op].js(half('out'), half('a'), half('b'))[0]};`;
const division = (): string => {
  const { when, act } = divisionText('div64', ['al', 'ah', '0', '0', 'bl', 'bh'], 'q');
  return `let ql = 0, qh = 0; if (${when}) { ${act} } return ql ^ qh;`;
};

/** Bodies, optimised for small numbers. */
const BODIES = {
  mulhu: product('mulhu'),
  mulhs: product('mulhs'),
  mul64: `const outl = Math.imul(al, bl); return ${OPS.mul64.js(half('out'), half('a'), half('b'))[1]};`,
  div64: division(),
};

it.each(Object.entries(BODIES))('%s: code that saw only small numbers takes large ones', (_, body) => {
  const program = `
    const w = new Int32Array(10000);
    function tried(al, ah, bl, bh) { ${body} }
    %PrepareFunctionForOptimization(tried);
    for (let n = 1; n < 100; n++) tried(n, 0, 1, 0);
    %OptimizeFunctionOnNextCall(tried);
    tried(2, 0, 1, 0);
    for (const n of [-1, -0x80000000, 0x7fffffff]) tried(n, 5, -2, 1);`;
  const flags = ['--trace-deopt', '--allow-natives-syntax'];
  const text = execFileSync(process.execPath, [...flags, '-e', program], { encoding: 'utf8' });
  expect(text.split('\n').flatMap((line) => parseDeopt(line) ?? [])).toEqual([]);
});
