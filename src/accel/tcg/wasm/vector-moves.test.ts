import { expect, test } from 'vitest';
import { IrBuilder, type ValueId } from '../../../cpu/ir/block.ts';
import { W } from '../../../cpu/state.ts';
import { vectorMoves } from './vector-moves.ts';

/** IR of moves, written as the semantics write it. */
class Moves {
  readonly ir = new IrBuilder();
  readonly address = this.ir.add({ op: 'get', type: 'i64', slot: { word: W.gpr, param: null } });

  load(address = this.address): ValueId {
    return this.ir.add({ op: 'load', type: 'i64', width: 8, address, forWrite: false, stack: false });
  }
  above(): ValueId {
    return this.ir.pure('add64', this.address, this.ir.const64(8, 0));
  }
  halves(value: ValueId): ValueId[] {
    return [this.ir.pure('lo', value), this.ir.pure('hi', value)];
  }
  get(word: number, count: number): ValueId[] {
    return Array.from({ length: count }, (_, n) =>
      this.ir.add({ op: 'get', type: 'i32', slot: { word: word + n, param: null } }),
    );
  }
  set(word: number, values: readonly ValueId[]): ValueId {
    const sets = values.map((value, n) => this.ir.add({ op: 'set', slot: { word: word + n, param: null }, value }));
    return sets[0]!;
  }
  store(address: ValueId, word: number): ValueId {
    const value = this.ir.pure('pair', ...this.get(word, 2));
    return this.ir.add({ op: 'store', width: 8, address, value, stack: false, after: null });
  }
}

test('two loads and four words are a load of 16 bytes', () => {
  const moves = new Moves();
  const low = moves.load();
  const lows = moves.halves(low);
  const high = moves.load(moves.above());
  const at = moves.set(W.xmm, [...lows, ...moves.halves(high)]);
  const { sets, loads, dropped } = vectorMoves(moves.ir);
  expect(sets.get(at)).toEqual({ word: W.xmm, bytes: 16, vector: { kind: 'memory', load: low } });
  expect([...loads]).toEqual([low]);
  expect([...dropped].sort((a, b) => a - b)).toEqual([high, at + 1, at + 2, at + 3]);
});

test('a load that something else looks at stays one of 8 bytes', () => {
  const moves = new Moves();
  const low = moves.load();
  const values = [...moves.halves(low), ...moves.halves(moves.load(moves.above()))];
  const at = moves.set(W.xmm, values);
  moves.set(W.scratch, [values[0]!]);
  const { sets, loads } = vectorMoves(moves.ir);
  expect(loads.size).toBe(0);
  expect(sets.get(at)?.bytes).toBe(8);
});

test('loads of other places are two', () => {
  const moves = new Moves();
  const values = [...moves.halves(moves.load()), ...moves.halves(moves.load())];
  moves.set(W.xmm, values);
  expect(vectorMoves(moves.ir).loads.size).toBe(0);
});

test('words of the state are looked at where they are used, unless they were set by then', () => {
  const moves = new Moves();
  const early = moves.get(W.xmm + 4, 4);
  const at = moves.set(W.xmm, moves.get(W.xmm + 4, 4));
  const later = moves.set(W.xmm + 8, early);
  const { sets } = vectorMoves(moves.ir);
  expect(sets.get(at)?.vector).toEqual({ kind: 'state', word: W.xmm + 4 });
  expect(sets.has(later)).toBe(false);
});

test('an operation on each word is one on the vector', () => {
  const moves = new Moves();
  const [a, b] = [moves.get(W.xmm, 4), moves.get(W.xmm + 4, 4)];
  const at = moves.set(
    W.xmm,
    a.map((x, n) => moves.ir.pure('and', moves.ir.pure('not', x), b[n]!)),
  );
  const mixed = moves.set(
    W.xmm + 8,
    a.map((x, n) => moves.ir.pure(n === 2 ? 'or' : 'and', x, b[n]!)),
  );
  const { sets } = vectorMoves(moves.ir);
  expect(sets.get(at)?.vector).toMatchObject({
    kind: 'op',
    args: [{ kind: 'op' }, { kind: 'state', word: W.xmm + 4 }],
  });
  expect(sets.has(mixed)).toBe(false);
});

test('two stores of 8 bytes are one of 16', () => {
  const moves = new Moves();
  const at = moves.store(moves.address, W.xmm);
  const second = moves.store(moves.above(), W.xmm + 2);
  const { stores, dropped } = vectorMoves(moves.ir);
  expect(stores.get(at)).toBe(W.xmm);
  expect([...dropped]).toEqual([second]);
});

test('registers are no vectors', () => {
  const moves = new Moves();
  moves.set(W.gpr, moves.get(W.gpr + 4, 4));
  expect(vectorMoves(moves.ir).sets.size).toBe(0);
});
