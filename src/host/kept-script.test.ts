import { expect, it } from 'vitest';
import { codeOfScript, runScript } from './kept-script.ts';

const TEXT = '[(function () { return 1; }), (function () { return 2; })]';

const results = (script: unknown): unknown => (script as (() => number)[]).map((one) => one());

it('runs a script with what V8 made of it before', () => {
  expect(results(runScript(TEXT, codeOfScript(TEXT)))).toEqual([1, 2]);
});

/** Texts that V8 has not met: it asks for no code where it has. */
let count = 0;
const newText = (): string => `${TEXT} // ${count++}`;

it('takes no code of another script, no part of one, and none', () => {
  const code = codeOfScript(TEXT);
  expect(runScript(newText(), code)).toBeUndefined();
  expect(runScript(newText(), code.subarray(0, code.length / 2))).toBeUndefined();
  expect(runScript(newText(), new Uint8Array(100))).toBeUndefined();
  expect(runScript(newText(), new Uint8Array())).toBeUndefined();
});

it('gives nothing for a script that fails', () => {
  expect(runScript('throw 1', codeOfScript('throw 1'))).toBeUndefined();
});
