import { W } from '../../../cpu/state.ts';
import { analyse } from '../jit/analysis.ts';
import { EXIT, type RegionNode } from '../jit/emitter.ts';
import type { FlagKnowledge } from '../jit/flag-state.ts';
import { type Block, type Edge, type FlowGraph, repeats } from '../jit/flow-graph.ts';
import type { Passes } from '../jit/passes.ts';
import type { Structure } from '../jit/structure.ts';
import { Calls } from './bridge.ts';
import { HINT, OP, WasmCode, type WasmType } from './code.ts';
import { Frame, type Layout } from './frame.ts';
import { Lookups } from './lookups.ts';
import { type Ends, RegionEnds } from './region-ends.ts';
import { targetTable } from './target-table.ts';
import { type Region, WasmPrinter } from './wasm-printer.ts';

export interface WasmRegion {
  readonly code: WasmCode;
  readonly locals: readonly WasmType[];
  readonly calls: Calls;
  readonly nodes: readonly RegionNode[];
  readonly exits: readonly { readonly low: number; readonly high: number }[];
}

/** Prints a flow graph as one function of WebAssembly. */
export function emitWasm(graph: FlowGraph, mode: number, passes: Passes, layout: Layout, ends: Ends): WasmRegion {
  return new Emitter(graph, mode, passes, layout, ends).emit();
}

/** So many are compared one after the other. */
const FEW_GUESSES = 3;

type Label = 'unknown' | `g${number}` | 'out' | 'miss' | 'try' | 'if' | `b${number}` | `l${number}`;

class Emitter implements Region {
  readonly code = new WasmCode();
  readonly frame: Frame;
  readonly calls = new Calls();
  readonly passes: Passes;
  readonly #blocks: readonly Block[];
  readonly #mode: number;
  readonly #shape: Structure;
  readonly #flagsAt: readonly FlagKnowledge[];
  readonly #deadFlags: readonly (readonly boolean[])[];
  readonly #labels: Label[] = [];
  readonly #nodes: RegionNode[] = [];
  readonly #exits: { low: number; high: number }[] = [];
  readonly #exitNumber = new Map<string, number>();
  readonly #ends: Ends;
  readonly #asks: boolean;
  lookups: Lookups;

  constructor(graph: FlowGraph, mode: number, passes: Passes, layout: Layout, ends: Ends) {
    this.frame = new Frame(layout, graph.blocks[0]!);
    this.lookups = Lookups.begin(this.frame);
    this.passes = passes;
    this.#ends = ends;
    const { blocks, shape, flagsAt, deadFlags } = analyse(graph, passes);
    this.#blocks = blocks;
    this.#mode = mode;
    this.#shape = shape;
    this.#flagsAt = flagsAt;
    this.#deadFlags = deadFlags;
    this.#asks = this.#blocks.some(({ nodes }) => nodes.some(({ ir }) => ir.insts.some(({ op }) => op === 'call')));
  }

  emit(): WasmRegion {
    // The registers that the beginning loads are known when the rest is printed.
    const { code, frame } = this;
    const ends = new RegionEnds(frame, this.calls, this.#mode, this.#ends);
    const wrap = this.#asks;
    this.#begin('out', () => code.block());
    if (wrap) this.#begin('try', () => code.try());
    this.#begin('miss', () => code.block());
    this.#tree(0, 'kept');
    code.op(OP.unreachable);
    this.#end();
    this.#exit(EXIT.MISS);
    if (wrap) {
      code.catchAll();
      ends.store(code);
      frame.pushNumber(code);
      code.get(frame.pc);
      this.calls.call(code, 'faultAt', { params: 2, result: false });
      code.rethrow(0);
      this.#end();
    }
    this.#end();
    ends.end(code);
    const whole = new WasmCode();
    ends.begin(whole);
    whole.appendCode(code);
    if (!this.passes['branch-hints']) whole.hints.length = 0;
    return { code: whole, locals: frame.types, calls: this.calls, nodes: this.#nodes, exits: this.#exits };
  }

  // ---- labels ----

  #begin(label: Label, open: () => void): void {
    open();
    this.#labels.push(label);
  }

  #end(): void {
    this.code.op(OP.end);
    this.#labels.pop();
  }

  #depthOf(label: Label): number {
    return this.#labels.length - 1 - this.#labels.lastIndexOf(label);
  }

  missDepth(): number {
    return this.#depthOf('miss');
  }

  nest(by: 1 | -1): void {
    if (by === 1) this.#labels.push('if');
    else this.#labels.pop();
  }

  // ---- blocks ----

  /** Prints a block and what it dominates. */
  #tree(block: number, flags?: FlagKnowledge): void {
    const { isLoop, merges } = this.#shape;
    const before = isLoop[block] ? (this.#flagsAt[block] ?? 'unknown') : (flags ?? this.#flagsAt[block] ?? 'unknown');
    if (isLoop[block]) this.lookups = this.lookups.unknown();
    if (isLoop[block]) this.#begin(`l${block}`, () => this.code.loop());
    this.#within(block, merges[block]!, before);
    if (isLoop[block]) this.#end();
  }

  #within(block: number, merges: readonly number[], flags: FlagKnowledge): void {
    const [last, ...rest] = merges;
    if (last === undefined) return this.#body(block, flags);
    this.#begin(`b${last}`, () => this.code.block());
    this.#within(block, rest, flags);
    this.#end();
    this.lookups = this.lookups.unknown();
    this.#tree(last);
  }

  #body(at: number, before: FlagKnowledge): void {
    const { code, frame } = this;
    const block = this.#blocks[at]!;
    const { nodes } = block;
    if (nodes.length > 0) {
      code.get(frame.n);
      code.i32(nodes.length);
      code.op(OP.i32_sub);
      code.set(frame.n);
    }
    let flags = before;
    let printer: WasmPrinter | undefined;
    nodes.forEach(({ ir, rec }, index) => {
      frame.giveBack();
      printer = new WasmPrinter(ir, this.#mode, this.#nodes.length, flags, this);
      printer.flagsDead = this.#deadFlags[at]?.[index] ?? false;
      printer.body();
      this.#nodes.push({ rec, refund: nodes.length - index, alignment: 1 });
      flags = printer.flags;
    });
    if (!this.passes['flag-flow']) flags = flags === 'kept' ? 'unknown' : flags;
    switch (block.end) {
      case 'jump':
        frame.giveBack();
        return this.#edge(at, block.next, flags);
      case 'branch': {
        const { terminal } = nodes[nodes.length - 1]!.ir;
        if (!('condition' in terminal)) throw new Error('a branch block ends in a branch');
        printer!.push(terminal.condition);
        frame.giveBack();
        const taken = this.#stays(at, block.taken!);
        const hint = taken === this.#stays(at, block.next) ? undefined : taken ? HINT.LIKELY : HINT.UNLIKELY;
        this.#begin('if', () => code.if(hint));
        this.#edge(at, block.taken!, flags);
        this.#end();
        return this.#edge(at, block.next, flags);
      }
      case 'indirect': {
        const { terminal } = nodes[nodes.length - 1]!.ir;
        if (terminal.kind !== 'indirect') throw new Error('an indirect block ends in an indirect jump');
        printer!.push(terminal.target);
        code.set(frame.target);
        frame.giveBack();
        this.#guess(at, [...block.guesses].sort(this.#byAddress), flags);
        frame.leaveTarget(code);
        this.#exit(EXIT.INDIRECT);
      }
    }
  }

  readonly #byAddress = (a: number, b: number): number => {
    const [one, other] = [this.#blocks[a]!, this.#blocks[b]!];
    return (one.high >>> 0) - (other.high >>> 0) || (one.low >>> 0) - (other.low >>> 0);
  };

  /** Goes on in the region where the target is one of these blocks; sorted, so that the same code is the same module. */
  #guess(from: number, guesses: readonly number[], flags: FlagKnowledge): void {
    const { code, frame } = this;
    const ifTargetIs = (block: number): void => {
      const { low, high } = this.#blocks[block]!;
      code.get(frame.target);
      frame.pushAddress(code, low, high);
      code.op(OP.i64_eq);
      this.#begin('if', () => code.if());
    };
    if (guesses.length <= FEW_GUESSES) {
      for (const guess of guesses) {
        ifTargetIs(guess);
        this.#edge(from, { block: guess }, flags);
        this.#end();
      }
      return;
    }
    // Of targets that are 4 GiB apart one is left out.
    const byDistance = new Map(guesses.map((guess) => [frame.distance(this.#blocks[guess]!.low), guess]));
    const { factor, shift, slots } = targetTable([...byDistance.keys()]);
    const apart = [...byDistance.values()];
    this.#begin('unknown', () => code.block());
    for (const guess of apart.toReversed()) this.#begin(`g${guess}`, () => code.block());
    frame.pushDistance(code, frame.target);
    code.i32(factor);
    code.op(OP.i32_mul);
    code.i32(shift);
    code.op(OP.i32_shr_u);
    code.brTable(
      slots.map((which) => (which === -1 ? apart.length : which)),
      apart.length,
    );
    for (const guess of apart) {
      this.#end();
      ifTargetIs(guess);
      this.#edge(from, { block: guess }, flags);
      this.#end();
      code.br(this.#depthOf('unknown'));
    }
    this.#end();
  }

  /** Control stays in the region. */
  #stays(from: number, edge: Edge): boolean {
    return 'block' in edge && !this.#shape.isIrreducible(from, edge.block);
  }

  #edge(from: number, edge: Edge, flags: FlagKnowledge): void {
    const { code, frame } = this;
    if (!('block' in edge)) return this.#leave(edge.low, edge.high);
    const to = edge.block;
    const { low, high } = this.#blocks[to]!;
    if (this.#shape.isIrreducible(from, to)) return this.#leave(low, high);
    if (this.#shape.isBack(from, to)) {
      if (!this.passes.loops) return this.#leave(low, high);
      code.get(frame.n);
      // Helpers alone may ask for attention, which is seen in the word of the state.
      if (this.#asks) frame.loadState(code, W.budgetEnd);
      else code.i32(0);
      code.op(OP.i32_lt_s);
      this.#begin('if', () => code.if(HINT.UNLIKELY));
      if (repeats(this.#blocks[from]!)) this.calls.call(code, 'interrupts', { params: 0, result: false });
      this.#leave(low, high);
      this.#end();
      code.br(this.#depthOf(`l${to}`));
    } else if (this.#shape.isMerge[to]) code.br(this.#depthOf(`b${to}`));
    else {
      const { lookups } = this;
      this.lookups = lookups.copy();
      this.#tree(to, this.passes['flag-flow'] ? flags : undefined);
      this.lookups = lookups;
    }
  }

  #leave(low: number, high: number): void {
    const key = `${high}:${low}`;
    let exit = this.#exitNumber.get(key);
    if (exit === undefined) {
      exit = this.#exits.length;
      this.#exitNumber.set(key, exit);
      this.#exits.push({ low, high });
    }
    this.#exit(exit);
  }

  #exit(x: number): void {
    this.code.i32(x);
    this.code.set(this.frame.x);
    this.code.br(this.#depthOf('out'));
  }
}
