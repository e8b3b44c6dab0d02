import { MODE } from '../../../cpu/mode.ts';
import { W } from '../../../cpu/state.ts';
import type { Rec } from '../record.ts';
import { deadFlags } from './flag-liveness.ts';
import type { Block, Edge, FlowGraph } from './flow-graph.ts';
import type { Passes } from './passes.ts';
import {
  EXIT,
  FLAG_LOCALS,
  type FlagKnowledge,
  flagsAfter,
  gprName,
  type RegionLocals,
  RegionPrinter,
} from './region-printer.ts';
import { type Structure, structure, successors } from './structure.ts';

/** A region as text, and the tables that go with it. */
export interface RegionText {
  readonly text: string;
  readonly uses: Set<string>;
  /** Instructions by node number, and what the budget gets back when that node does not run. */
  readonly nodes: readonly { readonly rec: Rec; readonly refund: number }[];
  /** Known addresses where the region is left, by exit number. */
  readonly exits: readonly { readonly low: number; readonly high: number }[];
}

/** Prints a flow graph as one JavaScript function of nested loops, with registers and flags in locals. */
export function emitRegion(graph: FlowGraph, mode: number, name: string, passes: Passes): RegionText {
  return new RegionEmitter(graph, mode, passes).emit(name);
}

class RegionEmitter {
  readonly #blocks: readonly Block[];
  readonly #mode: number;
  readonly #passes: Passes;
  readonly #shape: Structure;
  readonly #flagsAt: readonly FlagKnowledge[];
  readonly #deadFlags: readonly (readonly boolean[])[];
  readonly #locals: RegionLocals = { read: new Set(), written: new Set(), flagsWritten: false, calls: false };
  readonly #uses = new Set<string>(['w', 'region', 'finish', 'entered']);
  readonly #lines: string[] = [];
  readonly #nodes: { rec: Rec; refund: number }[] = [];
  readonly #exits: { low: number; high: number }[] = [];
  readonly #exitNumber = new Map<string, number>();
  readonly #long: boolean;

  constructor(graph: FlowGraph, mode: number, passes: Passes) {
    this.#blocks = graph.blocks;
    this.#mode = mode;
    this.#passes = passes;
    this.#long = (mode & MODE.CODE) === MODE.CODE_64;
    this.#shape = structure(graph.blocks);
    this.#flagsAt = passes['flag-flow'] ? flagFlow(graph.blocks, this.#shape.order) : [];
    this.#deadFlags = passes['dead-flags'] ? deadFlags(graph.blocks, this.#shape) : [];
  }

  emit(name: string): RegionText {
    this.#tree(0);
    const { read, written, flagsWritten, calls } = this.#locals;
    const spill = [
      ...[...written].map((word) => `w[${word}] = ${gprName(word)};`),
      ...(flagsWritten ? FLAG_LOCALS.map(([local, word]) => `w[${word}] = ${local};`) : []),
      `w[${W.budget}] = n;`,
    ].join(' ');
    if (calls) this.#uses.add('faultAt');
    const text = [
      `return function ${name}(i) {`,
      `let n = w[${W.budget}] + i.left, pc = 0, x = 0, tl = 0, th = 0;`,
      ...(read.size === 0 ? [] : [`let ${[...read].map((word) => `${gprName(word)} = w[${word}]`).join(', ')};`]),
      `let ${FLAG_LOCALS.map(([local, word]) => `${local} = w[${word}]`).join(', ')};`,
      ...(calls ? ['try {'] : []),
      'out: {',
      'entered[0] = n;',
      `if (i.left < 0) { x = ${EXIT.WARM}; break out; }`,
      ...this.#lines,
      '}',
      ...(calls ? ['} catch (e) {', spill, 'faultAt(region, pc); throw e;', '}'] : []),
      spill,
      'return finish(region, x, pc, tl, th);',
      '}',
    ].join('\n');
    return {
      text,
      uses: this.#uses,
      nodes: this.#nodes,
      exits: this.#exits,
    };
  }

  #tree(block: number): void {
    const { isLoop, merges } = this.#shape;
    if (isLoop[block]) this.#lines.push(`l${block}: for (;;) {`);
    this.#within(block, merges[block]!);
    if (isLoop[block]) this.#lines.push('}');
  }

  #within(block: number, merges: readonly number[]): void {
    const [last, ...rest] = merges;
    if (last === undefined) return this.#body(block);
    this.#lines.push(`b${last}: {`);
    this.#within(block, rest);
    this.#lines.push('}');
    this.#tree(last);
  }

  #body(at: number): void {
    const block = this.#blocks[at]!;
    const { nodes } = block;
    if (nodes.length > 0) this.#lines.push(`n -= ${nodes.length};`);
    let flags = this.#flagsAt[at] ?? 'unknown';
    let printer: RegionPrinter | undefined;
    nodes.forEach((node, index) => {
      const number = this.#nodes.length;
      const { rec } = node;
      this.#nodes.push({ rec, refund: nodes.length - index });
      const known = this.#passes['known-flags'] ? flags : 'unknown';
      printer = new RegionPrinter(node.ir, this.#mode, number, known, this.#locals);
      printer.flagsDead = this.#deadFlags[at]?.[index] ?? false;
      printer.body();
      flags = printer.flags;
      for (const use of printer.uses) this.#uses.add(use);
      this.#lines.push(...printer.lines);
    });
    switch (block.end) {
      case 'jump':
        return this.#edge(at, block.next);
      case 'branch': {
        const { terminal } = nodes[nodes.length - 1]!.ir;
        if (terminal.kind !== 'branch') throw new Error('a branch block ends in a branch');
        this.#lines.push(`if (${printer!.i32(terminal.condition)} !== 0) {`);
        this.#edge(at, block.taken!);
        this.#lines.push('}');
        return this.#edge(at, block.next);
      }
      case 'indirect': {
        const { terminal } = nodes[nodes.length - 1]!.ir;
        if (terminal.kind !== 'indirect') throw new Error('an indirect block ends in an indirect jump');
        this.#lines.push(`tl = ${printer!.low(terminal.target)};`);
        this.#lines.push(`th = ${this.#long ? printer!.high(terminal.target) : '0'};`);
        for (const guess of block.guesses) {
          const { low, high } = this.#blocks[guess]!;
          this.#lines.push(`if (tl === ${low}${this.#long ? ` && th === ${high}` : ''}) {`);
          this.#edge(at, { block: guess });
          this.#lines.push('}');
        }
        this.#lines.push(`x = ${EXIT.INDIRECT}; break out;`);
      }
    }
  }

  #edge(from: number, edge: Edge): void {
    if (!('block' in edge)) return this.#leave(edge.low, edge.high);
    const to = edge.block;
    const { low, high } = this.#blocks[to]!;
    if (this.#shape.isIrreducible(from, to)) return this.#leave(low, high);
    if (this.#shape.isBack(from, to)) {
      if (!this.#passes.loops) return this.#leave(low, high);
      this.#lines.push(`if (n < w[${W.budgetEnd}]) {`);
      this.#leave(low, high);
      this.#lines.push(`} continue l${to};`);
    } else if (this.#shape.isMerge[to]) this.#lines.push(`break b${to};`);
    else this.#tree(to);
  }

  #leave(low: number, high: number): void {
    const key = `${high}:${low}`;
    let exit = this.#exitNumber.get(key);
    if (exit === undefined) {
      exit = this.#exits.length;
      this.#exitNumber.set(key, exit);
      this.#exits.push({ low, high });
    }
    this.#lines.push(`x = ${exit}; break out;`);
  }
}

/** What is known of the flags at each block's beginning. */
function flagFlow(blocks: readonly Block[], order: readonly number[]): FlagKnowledge[] {
  const at: (FlagKnowledge | undefined)[] = blocks.map(() => undefined);
  at[0] = 'unknown';
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      let flags = at[block];
      if (flags === undefined) continue;
      for (const { ir } of blocks[block]!.nodes) flags = flagsAfter(ir, flags);
      for (const to of successors(blocks[block]!)) {
        const before = at[to];
        const merged = before === undefined || before === flags ? flags : 'unknown';
        if (merged !== before) {
          at[to] = merged;
          changed = true;
        }
      }
    }
  }
  return at.map((flags) => flags ?? 'unknown');
}
