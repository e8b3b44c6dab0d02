import { describe, expect, it, test } from 'vitest';
import { codeOfScript, runScript } from '../../../host/kept-script.ts';
import { KeptForms, type KeptFormsData, type PrintedForm } from './kept-forms.ts';

const HOST = { run: runScript, codeOf: codeOfScript };

const form = (value: number, armText?: string): PrintedForm => ({
  text: `return (function F(i) { return x + ${value} + i; });`,
  uses: new Set(['x']),
  endsBlock: value === 2,
  armText,
});

const begun = (data?: unknown, fingerprint = 'same'): KeptForms => {
  const kept = new KeptForms(HOST, data);
  kept.begin(fingerprint);
  return kept;
};

/** As a file would give it. */
function keptData(forms = 3): KeptFormsData {
  const kept = begun();
  for (let n = 0; n < forms; n++) kept.add(8, n, 2 ** 40 + n, form(n, n === 1 ? 'arm' : undefined));
  return structuredClone(kept.data);
}

const call = (made: unknown): number => (made as (i: number) => number)(100);

describe('forms that an earlier run printed', () => {
  it('are there by mode, row and shape', () => {
    const kept = begun(keptData());
    expect(kept.loaded).toBe(3);
    expect(kept.at(8, 1, 2 ** 40 + 1)).toEqual(form(1, 'arm'));
    expect(kept.at(8, 2, 2 ** 40 + 2)).toEqual(form(2));
    const others: [mode: number, row: number, shape: number][] = [
      [9, 1, 2 ** 40 + 1],
      [8, 0, 2 ** 40 + 1],
      [8, 1, 1],
    ];
    for (const [mode, row, shape] of others) expect(kept.at(mode, row, shape)).toBeUndefined();
  });

  it('are made of what V8 compiled', () => {
    const kept = begun(keptData());
    expect(call(kept.compile(form(2).text, { x: 1000 }))).toBe(1102);
    expect(kept.compile(form(5).text, { x: 1000 })).toBeUndefined();
    expect(kept.isStale).toBe(false);
  });

  it('are given on as they came while little is new', () => {
    const data = keptData(40);
    const kept = begun(data);
    kept.add(8, 50, 1, form(50));
    expect(kept.isStale).toBe(false);
    const next = structuredClone(kept.data);
    expect(next).toMatchObject({ compiled: 40, code: data.code });
    const third = begun(next);
    expect(third.at(8, 50, 1)).toEqual(form(50));
    expect(call(third.compile(form(39).text, { x: 0 }))).toBe(139);
    expect(third.compile(form(50).text, { x: 0 })).toBeUndefined();
    for (let n = 51; n < 55; n++) third.add(8, n, 1, form(n));
    expect(third.isStale).toBe(true);
    expect(third.data.compiled).toBe(45);
  });

  it('are texts alone where V8 does not take its code', () => {
    const data = keptData();
    const kept = new KeptForms({ ...HOST, run: () => undefined }, data);
    kept.begin('same');
    expect(kept.at(8, 0, 2 ** 40)).toEqual(form(0));
    expect(kept.compile(form(0).text, { x: 0 })).toBeUndefined();
    expect(kept.isStale).toBe(true);
  });

  it('are kept within a limit', () => {
    const kept = new KeptForms({ run: () => undefined, codeOf: () => new Uint8Array(1) });
    kept.begin('same');
    for (let n = 0; n < 7000; n++) kept.add(8, n, 1, form(n));
    const { texts, forms } = kept.data;
    expect([texts.length, forms.length]).toEqual([6000, 6000 * 6]);
  });
});

const good = keptData();
test.each([
  ['nothing', undefined],
  ['no object', 1],
  ['what takes other things for granted', { ...good, fingerprint: 'other' }],
  ['texts that are none', { ...good, texts: [1, 2, 3] }],
  ['names that are none', { ...good, texts: good.texts.map(({ text }) => ({ text, uses: 'x' })) }],
  ['arms that are none', { ...good, arms: [1] }],
  ['half a form', { ...good, forms: good.forms.slice(0, 4) }],
  ['a text that is not there', { ...good, texts: good.texts.slice(0, 2) }],
  ['an arm that is not there', { ...good, arms: [] }],
  ['forms of another kind', { ...good, forms: [...good.forms] }],
  ['code of another kind', { ...good, code: 'code' }],
  ['more code than texts', { ...good, compiled: 4 }],
])('takes %s for nothing', (_, data) => {
  expect(begun(data).loaded).toBe(0);
});
