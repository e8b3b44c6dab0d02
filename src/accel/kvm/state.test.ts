import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRflags } from '../../cpu/flags.ts';
import { CpuState, FIELDS, type FieldName, GS, SS, W } from '../../cpu/state.ts';
import {
  KVM_FPU,
  KVM_XSAVE,
  putDebugregs,
  putEvents,
  putFpu,
  putRegs,
  putSregs,
  putXcr0,
  takeDebugregs,
  takeEvents,
  takeFpu,
  takeRegs,
  takeSregs,
  takeUserSegments,
  takeXcr0,
} from './state.ts';

const words = (seed: number): Int32Array => {
  let x = seed | 1;
  return Int32Array.from({ length: 4096 }, () => (x = (Math.imul(x, 1664525) + 1013904223) | 0));
};

/** A state of random bits in which each field holds what fits KVM's structure. */
function randomState(seed: number): CpuState {
  const state = new CpuState();
  const w = state.words;
  w.set(words(seed).subarray(0, w.length));
  for (const [name, mask] of [
    ['gdtrLimit', 0xffff],
    ['idtrLimit', 0xffff],
    ['fcw', 0xffff],
    ['fsw', 0xffff],
    ['ftw', 0xff],
    ['fop', 0xffff],
    ['interruptShadow', 3],
    ['nmiPending', 1],
    ['nmiMasked', 1],
  ] as const) {
    w[W[name]] = w[W[name]]! & mask;
  }
  w[W.rflags] = 0x202;
  w[W.flagKind] = 0;
  w[W.flagA] = w[W.flagA]! & 0x8d5;
  w[W.cr0] = w[W.cr0]! | 1;
  w[W.cpl] = w[W.cpl]! & 3;
  for (let seg = 0; seg < 8; seg++) {
    w[W.selector + seg] = w[W.selector + seg]! & 0xffff;
    w[W.attributes + seg] = (w[W.attributes + seg]! & 0xf07f) | 0x82;
  }
  w[W.attributes + SS] = (w[W.attributes + SS]! & ~0x60) | (w[W.cpl]! << 5);
  for (let n = 0; n < 8; n++) {
    w[W.st + 4 * n + 2] = w[W.st + 4 * n + 2]! & 0xffff;
    w[W.st + 4 * n + 3] = 0;
  }
  return state;
}

const values = (state: CpuState, ...names: FieldName[]): unknown =>
  Object.fromEntries(
    names.map((name) => {
      const { word, bytes, count, stride } = FIELDS[name];
      return [
        name,
        Array.from({ length: count }, (_, n) => [...state.words.subarray(word + n * stride).slice(0, bytes / 4)]),
      ];
    }),
  );

const area = (): DataView => new DataView(new ArrayBuffer(4096));
const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

describe('what is put into a structure comes out of it', () => {
  test.each<[string, FieldName[], (state: CpuState, view: DataView) => void, (s: CpuState, v: DataView) => unknown]>([
    ['kvm_regs', ['gpr', 'rip'], putRegs, takeRegs],
    [
      'kvm_sregs',
      ['selector', 'attributes', 'limit', 'base', 'gdtrBase', 'gdtrLimit', 'idtrBase', 'idtrLimit', 'cpl'],
      putSregs,
      takeSregs,
    ],
    ['kvm_sregs, control registers', ['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer', 'apicBase'], putSregs, takeSregs],
    [
      'kvm_fpu',
      ['fcw', 'fsw', 'ftw', 'fop', 'fip', 'fdp', 'mxcsr', 'st', 'xmm'],
      fpu(putFpu, false),
      fpu(takeFpu, false),
    ],
    [
      'kvm_xsave',
      ['fcw', 'fsw', 'ftw', 'fop', 'fip', 'fdp', 'mxcsr', 'st', 'xmm'],
      fpu(putFpu, true),
      fpu(takeFpu, true),
    ],
    ['kvm_vcpu_events', ['interruptShadow', 'nmiPending', 'nmiMasked'], putEvents, takeEvents],
    ['kvm_xcrs', ['xcr0'], putXcr0, takeXcr0],
  ])('%s', (_, names, put, take) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const from = randomState(seed);
        const into = new CpuState();
        const view = area();
        put(from, view);
        take(into, view);
        expect(values(into, ...names)).toEqual(values(from, ...names));
      }),
      { numRuns: 30 },
    );
  });

  test('RFLAGS and the debug registers that exist', () => {
    const from = randomState(7);
    const into = new CpuState();
    const view = area();
    putRegs(from, view);
    takeRegs(into, view);
    expect(readRflags(into.words)).toBe(readRflags(from.words));
    putDebugregs(from, view);
    takeDebugregs(into, view);
    for (const n of [0, 1, 2, 3, 6, 7]) expect(into.get('dr', n)).toBe(from.get('dr', n));
  });
});

function fpu(move: typeof putFpu, xsave: boolean) {
  return (state: CpuState, view: DataView): void => move(state, view, xsave ? KVM_XSAVE : KVM_FPU);
}

test('ring 3 changes ES to GS and the CPL, and nothing else of the special registers', () => {
  const from = randomState(11);
  const before = randomState(12);
  const into = new CpuState();
  into.copyFrom(before);
  const view = area();
  putSregs(from, view);
  takeUserSegments(into, view);
  const segments = (state: CpuState): bigint[] =>
    Array.from({ length: GS + 1 }, (_, seg) => state.get('base', seg) ^ state.get('selector', seg));
  expect(segments(into)).toEqual(segments(from));
  expect(values(into, 'cr0', 'cr3', 'efer', 'idtrLimit')).toEqual(values(before, 'cr0', 'cr3', 'efer', 'idtrLimit'));
  expect(into.get('selector', 7)).toBe(before.get('selector', 7));
});

test('an interrupt on its way in is given back, a software interrupt is not', () => {
  const view = area();
  const state = new CpuState();
  view.setUint8(8, 1);
  view.setUint8(9, 0x41);
  expect(takeEvents(state, view)).toBe(0x41);
  view.setUint8(10, 1);
  expect(takeEvents(state, view)).toBeUndefined();
  view.setUint8(12, 1);
  view.setUint8(14, 1);
  takeEvents(state, view);
  expect([state.get('nmiPending'), state.get('nmiMasked')]).toEqual([1n, 0n]);
});
