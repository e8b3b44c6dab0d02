import { CodeTable } from '../../src/accel/tcg/code-table.ts';
import { fitsRegion } from '../../src/accel/tcg/jit/calls.ts';
import { emitRegion } from '../../src/accel/tcg/jit/emit-region.ts';
import { buildFlowGraph } from '../../src/accel/tcg/jit/flow-graph.ts';
import { choosePasses } from '../../src/accel/tcg/jit/passes.ts';
import { SpeculationMemory } from '../../src/accel/tcg/jit/speculation.ts';
import { createDecoder } from '../../src/cpu/decode.ts';
import type { Insn } from '../../src/cpu/insn.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { W } from '../../src/cpu/state.ts';
import { translateInsn } from '../../src/cpu/translate.ts';
import { DATA, MicroCpu, type Width } from './cpu.ts';
import { CODE_32, CODE_64, QUICKSORT } from './sample-code.ts';
import type { Case } from './suite.ts';

const NUMBERS = 256;

/** What happens to code before it runs: nanoseconds per guest instruction. */
export function frontEndCases(): Case[] {
  return ([32, 64] as const).flatMap((width) => casesOf(width));
}

function casesOf(width: Width): Case[] {
  const code = width === 64 ? CODE_64 : CODE_32;
  const cpu = new MicroCpu('interp', width);
  const { vcpu } = cpu;
  const base = cpu.place(code);
  const mode = vcpu.w[W.mode]!;
  const decode = createDecoder({ features: vcpu.model.features });
  const insns = decodeAll(decode, code, mode, base);
  const entry = base + QUICKSORT;
  const sort = () => {
    let seed = 1;
    for (let n = 0; n < NUMBERS; n++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
      cpu.ram.i32[DATA / 4 + n] = seed;
    }
    cpu.call(entry, DATA, DATA + 4 * NUMBERS);
  };
  sort();
  const passes = choosePasses();
  const hot = hottest(cpu, insns);
  const speculation = new SpeculationMemory().at(hot, vcpu.w);
  const { store } = vcpu.code;
  const table = new CodeTable(store, store.pageOf(hot));
  const records = insns.map(() => table.take());
  const graph = buildFlowGraph(hot, vcpu.code, passes, { limit: 240, guesses: 8, holds: fitsRegion }, 240);
  if (graph === undefined) throw new Error('the sample has no hot block');
  const ends = { guarded: false, hot: 100_000, isUnaligned: () => false, isUnusualX87: () => false };
  const group = `front end ${width}`;
  return [
    { group, name: 'decode', units: insns.length, run: () => decodeAll(decode, code, mode, base) },
    {
      group,
      name: 'bind to a form',
      units: insns.length,
      run: () => {
        for (let n = 0; n < insns.length; n++) vcpu.forms.bind(insns[n]!, records[n]!);
      },
    },
    {
      group,
      name: 'translate to IR',
      units: insns.length,
      run: () => {
        for (const insn of insns) translateInsn(insn);
      },
    },
    {
      group,
      name: 'flow graph of a region',
      units: graph.instructions,
      run: () => buildFlowGraph(hot, vcpu.code, passes, { limit: 240, guesses: 8, holds: fitsRegion }, 240),
    },
    {
      group,
      name: 'emit a region as text',
      units: graph.instructions,
      run: () => emitRegion(graph, mode, 'region', passes, speculation, ends),
    },
    { group, name: 'predecode and sort 256 numbers', units: 1, run: coldSort(cpu, sort) },
    { group, name: 'sort 256 numbers, predecoded', units: 1, run: sort },
  ];
}

function decodeAll(decode: ReturnType<typeof createDecoder>, code: Uint8Array, mode: number, base: number): Insn[] {
  const insns: Insn[] = [];
  for (let at = 0; at < code.length; ) {
    const insn = decode(code, at, Math.min(15, code.length - at), mode, base + at, 0);
    if (insn === 'truncated') break;
    insns.push(insn);
    at += insn.length;
  }
  return insns;
}

/** The record that was jumped to most often. */
function hottest(cpu: MicroCpu, insns: readonly Insn[]): number {
  const { store } = cpu.vcpu.code;
  const found = insns
    .map(({ ip }) => cpu.vcpu.code.peek(ip[0] as number, 0))
    .filter((rec) => rec !== undefined)
    .sort((a, b) => store.heat(b) - store.heat(a));
  if (found.length === 0 || (store.pageOf(found[0]!).mode & MODE.CODE) === MODE.CODE_16)
    throw new Error('the sample did not run');
  return found[0]!;
}

function coldSort(cpu: MicroCpu, sort: () => void): () => void {
  return () => {
    cpu.vcpu.code.clear();
    sort();
  };
}
