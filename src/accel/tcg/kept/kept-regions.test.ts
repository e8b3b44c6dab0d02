import { expect, it, test } from 'vitest';
import { entryKey } from './entry-key.ts';
import type { KeptRegion } from './kept-region.ts';
import { KeptRegions } from './kept-regions.ts';

const region = (key: number, bytes = 4): KeptRegion => ({
  key,
  mode: 2,
  low: 0x1000,
  grown: false,
  nodes: Int32Array.from([0, 4, 1]),
  bytes: new Uint8Array(4),
  moved: new Int32Array(),
  exits: Int32Array.from([4]),
  module: {
    bytes: new Uint8Array(bytes),
    imports: [{ name: 'leave', signature: { params: 5, result: true } }],
    codeLength: 2,
  },
});

const load = (data: unknown): number => {
  const kept = new KeptRegions(data);
  kept.begin('same');
  return kept.loaded;
};

it('begins with what an earlier run kept, and only with that', () => {
  expect(load({ fingerprint: 'same', regions: [region(1), region(2)] })).toBe(2);
  expect(load({ fingerprint: 'another', regions: [region(1)] })).toBe(0);
});

const good = region(1);
test.each([
  ['nothing', undefined],
  ['no object', 'text'],
  ['no list', { fingerprint: 'same', regions: 1 }],
  ['a region that is none', { fingerprint: 'same', regions: [null] }],
  ['fewer bytes than nodes have', { fingerprint: 'same', regions: [{ ...good, bytes: new Uint8Array(3) }] }],
  ['numbers that move outside of its bytes', { fingerprint: 'same', regions: [{ ...good, moved: Int32Array.of(1) }] }],
  ['half a node', { fingerprint: 'same', regions: [{ ...good, nodes: Int32Array.of(0, 4) }] }],
  ['no nodes', { fingerprint: 'same', regions: [{ ...good, nodes: new Int32Array(), bytes: new Uint8Array() }] }],
  ['words of another kind', { fingerprint: 'same', regions: [{ ...good, exits: [4] }] }],
  [
    'imports without signatures',
    { fingerprint: 'same', regions: [{ ...good, module: { ...good.module, imports: ['leave'] } }] },
  ],
])('takes %s for nothing', (_, data) => {
  expect(load(data)).toBe(0);
});

it('gives what was used last, within its limits', () => {
  const kept = new KeptRegions();
  kept.begin('same');
  for (let key = 0; key < 10; key++) kept.add(region(key, 2 ** 20));
  const { regions } = kept.data;
  expect(regions.map(({ key }) => key)).toEqual([5, 6, 7, 8, 9]);
  for (let key = 0; key < 5_000; key++) kept.add(region(100 + key));
  expect(kept.data.regions).toHaveLength(4_000);
});

const here = new Uint8Array(8);
const keyHere = entryKey(here, 0, 2);

it('has the regions of an entry that are for other code, at most four', () => {
  const kept = new KeptRegions();
  kept.begin('same');
  const regions = Array.from({ length: 6 }, () => region(keyHere));
  for (const one of regions) kept.add(one, () => false);
  expect(kept.at(here, 0, 2)).toEqual(regions.slice(2).reverse());
  const last = region(keyHere);
  kept.add(last, (other) => other === regions[4]);
  expect(kept.at(here, 0, 2)).toEqual([last, regions[5], regions[3], regions[2]]);
  for (const one of kept.at(here, 0, 2)) kept.forget(one);
  expect(kept.isKnown(here, 0, 2)).toBe(false);
});

it('is worth writing when a sixteenth is new', () => {
  const kept = new KeptRegions({ fingerprint: 'same', regions: Array.from({ length: 31 }, (_, key) => region(key)) });
  kept.begin('same');
  kept.add(region(100));
  kept.add(region(101));
  expect(kept.isStale).toBe(false);
  kept.add(region(102));
  expect(kept.isStale).toBe(true);
});
