import { W } from '../../../cpu/state.ts';
import { RECENT_MASK, RECENT_SHIFT } from '../code-cache.ts';
import { EXIT, OWN, type RegionJob, type RegionNode } from '../jit/emitter.ts';
import { flagFlow } from '../jit/flag-flow.ts';
import { flagUse } from '../jit/flag-liveness.ts';
import type { FlagKnowledge } from '../jit/flag-state.ts';
import { type Block, type Edge, type FlowGraph, repeats } from '../jit/flow-graph.ts';
import type { Passes } from '../jit/passes.ts';
import { COUNT } from '../jit/stats.ts';
import { type Structure, structure } from '../jit/structure.ts';
import { unrollLoops } from '../jit/unroll.ts';
import { R } from '../record.ts';
import { Calls } from './bridge.ts';
import { I32, MEMORY, OP, WasmCode, type WasmType } from './code.ts';
import { Frame, type Layout, RECORD_LOCAL } from './frame.ts';
import { keepFlags, type Region, WasmPrinter } from './wasm-printer.ts';

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

/** What does not follow from a region's code: see RegionJob. */
type Ends = Pick<RegionJob, 'guarded' | 'hot' | 'growsAt'>;
/** So many are compared one after the other. */
const FEW_GUESSES = 3;

type Label = 'out' | 'miss' | 'try' | 'if' | `b${number}` | `l${number}`;

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

  constructor(graph: FlowGraph, mode: number, passes: Passes, layout: Layout, ends: Ends) {
    this.frame = new Frame(layout, graph.blocks[0]!);
    this.passes = passes;
    this.#ends = ends;
    this.#blocks = passes.loops && passes['unrolled-loops'] ? unrollLoops(graph.blocks) : graph.blocks;
    this.#mode = mode;
    this.#shape = structure(this.#blocks);
    this.#flagsAt = passes['flag-flow'] ? flagFlow(this.#blocks, this.#shape.order) : [];
    this.#deadFlags = passes['dead-flags'] ? flagUse(this.#blocks, this.#shape).dead : [];
    this.#asks = this.#blocks.some(({ nodes }) => nodes.some(({ ir }) => ir.insts.some(({ op }) => op === 'call')));
  }

  emit(): WasmRegion {
    // The registers that the beginning loads are known when the rest is printed.
    const { code, frame } = this;
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
      this.#store();
      frame.pushNumber(code);
      code.get(frame.pc);
      this.calls.call(code, 'faultAt', { params: 2, result: false });
      code.rethrow(0);
      this.#end();
    }
    this.#end();
    this.#store();
    this.#handOver();
    this.#finish();
    const whole = new WasmCode();
    this.#beginning(whole);
    whole.append(code.bytes);
    return { code: whole, locals: frame.types, calls: this.calls, nodes: this.#nodes, exits: this.#exits };
  }

  // ---- the function's beginning and end ----

  #beginning(code: WasmCode): void {
    const { frame } = this;
    const { layout } = frame;
    if (this.#ends.guarded) {
      // Whether its pages are mapped as when it was made.
      frame.pushOwn(code);
      code.memory(MEMORY.i32_load, 4 * OWN.CHECKED);
      frame.loadState(code, W.generation);
      code.op(OP.i32_ne);
      code.if();
      frame.pushNumber(code);
      code.get(RECORD_LOCAL);
      this.calls.call(code, 'recheck', { params: 2, result: true });
      code.tee(frame.x);
      code.i32(0);
      code.op(OP.i32_ge_s);
      code.if();
      code.get(frame.x);
      code.op(OP.return);
      code.op(OP.end);
      code.op(OP.end);
    }
    if (this.#ends.growsAt !== undefined) {
      this.#loadRecord(code, RECORD_LOCAL, R.heat);
      code.i32(this.#ends.growsAt);
      code.op(OP.i32_ge_u);
      code.if();
      frame.pushNumber(code);
      code.get(RECORD_LOCAL);
      this.calls.call(code, 'grow', { params: 2, result: true });
      code.op(OP.return);
      code.op(OP.end);
    }
    code.i32(0);
    frame.loadState(code, W.budget);
    this.#loadRecord(code, RECORD_LOCAL, R.left);
    code.op(OP.i32_add);
    code.tee(frame.n);
    code.memory(MEMORY.i32_store, layout.entered);
    frame.loadRegisters(code);
    code.i32(-1);
    code.set(frame.fk);
  }

  /** Brings registers, flags and budget to the state. */
  #store(): void {
    const { code, frame } = this;
    frame.storeRegisters(code);
    keepFlags(code, frame);
    frame.storeBudget(code);
  }

  #finish(): void {
    const { code, frame } = this;
    frame.pushNumber(code);
    for (const local of [frame.x, frame.pc]) code.get(local);
    this.#targetLow();
    code.get(frame.target);
    code.i64(32, 0);
    code.op(OP.i64_shr_u);
    code.op(OP.i32_wrap_i64);
    this.calls.call(code, 'finish', { params: 5, result: true });
  }

  /** Goes on with what an exit leads to, where that needs no look-up and is not about to be promoted. */
  #handOver(): void {
    const { code, frame } = this;
    const { layout } = frame;
    const target = frame.add(I32);
    const page = frame.add(I32);
    const left = frame.add(I32);
    const isIndirect = this.#blocks.some(({ end }) => end === 'indirect');
    if (!this.passes['exit-links'] || (this.#exits.length === 0 && !isIndirect)) return;
    code.block(); // Out of it what needs more.
    code.get(frame.x);
    code.i32(isIndirect ? EXIT.INDIRECT : 0);
    code.op(OP.i32_lt_s);
    code.brIf(0);
    code.get(frame.x);
    code.i32(0);
    code.op(OP.i32_lt_s);
    code.if();
    if (isIndirect) {
      // The record that was looked up last for such an address.
      this.#targetLow();
      this.#targetLow();
      code.i32(RECENT_SHIFT);
      code.op(OP.i32_shr_u);
      code.op(OP.i32_xor);
      code.i32(RECENT_MASK);
      code.op(OP.i32_and);
      code.i32(2);
      code.op(OP.i32_shl);
      code.memory(MEMORY.i32_load, layout.recent);
      code.set(target);
      this.#loadPage(target, page);
      this.#loadRecord(code, target, R.ip);
      code.op(OP.i64_extend_i32_u);
      this.#ofPage(page, layout.ipHighs);
      code.op(OP.i64_extend_i32_u);
      code.i64(32, 0);
      code.op(OP.i64_shl);
      code.op(OP.i64_or);
      code.get(frame.target);
      code.op(OP.i64_ne);
      this.#ofPage(page, layout.modes);
      code.i32(this.#mode);
      code.op(OP.i32_ne);
      code.op(OP.i32_or);
      code.brIf(1);
    }
    code.op(OP.else);
    frame.pushOwn(code);
    code.get(frame.x);
    code.i32(2);
    code.op(OP.i32_shl);
    code.op(OP.i32_add);
    code.memory(MEMORY.i32_load, 4 * OWN.LINKS);
    code.set(target);
    this.#loadPage(target, page);
    code.op(OP.end);
    code.get(page);
    code.memory(MEMORY.i32_load8_u, layout.live);
    code.op(OP.i32_eqz);
    this.#loadRecord(code, target, R.heat);
    code.i32(this.#ends.hot - 1);
    code.op(OP.i32_eq);
    code.op(OP.i32_or);
    code.brIf(0);
    code.get(frame.n);
    this.#loadRecord(code, target, R.left);
    code.op(OP.i32_sub);
    code.tee(left);
    frame.loadState(code, W.budgetEnd);
    code.op(OP.i32_lt_s);
    code.brIf(0);
    code.i32(0);
    code.get(left);
    code.memory(MEMORY.i32_store, layout.state + 4 * W.budget);
    frame.pushRecord(code, target);
    this.#loadRecord(code, target, R.heat);
    code.i32(1);
    code.op(OP.i32_add);
    code.memory(MEMORY.i32_store, frame.recordOffset(R.heat));
    this.#count(COUNT.ran, () => {
      code.i32(0);
      code.memory(MEMORY.i32_load, layout.entered);
      code.get(frame.n);
      code.op(OP.i32_sub);
      code.op(OP.f64_convert_i32_s);
    });
    // Exits are known ones or indirect, in this order.
    code.get(frame.x);
    code.i32(0);
    code.op(OP.i32_lt_s);
    code.i32(3);
    code.op(OP.i32_shl);
    const which = frame.add(I32);
    code.tee(which);
    code.get(which);
    code.memory(MEMORY.f64_load, layout.counts + 8 * COUNT.exits);
    code.f64(1);
    code.op(OP.f64_add);
    code.memory(MEMORY.f64_store, layout.counts + 8 * COUNT.exits);
    frame.pushOwn(code);
    code.i32(0);
    code.memory(MEMORY.i32_load, layout.epoch);
    code.memory(MEMORY.i32_store, 4 * OWN.USED);
    code.get(target);
    this.calls.handOver(code);
    code.op(OP.end);
  }

  #count(which: number, push: () => void): void {
    const { code } = this;
    const at = this.frame.layout.counts + 8 * which;
    code.i32(0);
    code.i32(0);
    code.memory(MEMORY.f64_load, at);
    push();
    code.op(OP.f64_add);
    code.memory(MEMORY.f64_store, at);
  }

  #targetLow(): void {
    this.code.get(this.frame.target);
    this.code.op(OP.i32_wrap_i64);
  }

  #loadRecord(code: WasmCode, record: number, word: number): void {
    this.frame.pushRecord(code, record);
    code.memory(MEMORY.i32_load, this.frame.recordOffset(word));
  }

  #loadPage(record: number, page: number): void {
    this.#loadRecord(this.code, record, R.page);
    this.code.set(page);
  }

  #ofPage(page: number, table: number): void {
    this.code.get(page);
    this.code.i32(2);
    this.code.op(OP.i32_shl);
    this.code.memory(MEMORY.i32_load, table);
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
        this.#begin('if', () => code.if());
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
        this.#exit(EXIT.INDIRECT);
      }
    }
  }

  readonly #byAddress = (a: number, b: number): number => {
    const [one, other] = [this.#blocks[a]!, this.#blocks[b]!];
    return (one.high >>> 0) - (other.high >>> 0) || (one.low >>> 0) - (other.low >>> 0);
  };

  /** Goes on in the region where the target is one of these blocks, sorted by address. */
  #guess(from: number, guesses: readonly number[], flags: FlagKnowledge): void {
    const { code, frame } = this;
    const compare = (block: number, op: number): void => {
      const { low, high } = this.#blocks[block]!;
      code.get(frame.target);
      frame.pushAddress(code, low, high);
      code.op(op);
      this.#begin('if', () => code.if());
    };
    if (guesses.length <= FEW_GUESSES) {
      for (const guess of guesses) {
        compare(guess, OP.i64_eq);
        this.#edge(from, { block: guess }, flags);
        this.#end();
      }
      return;
    }
    const middle = guesses.length >> 1;
    compare(guesses[middle]!, OP.i64_lt_u);
    this.#guess(from, guesses.slice(0, middle), flags);
    code.op(OP.else);
    this.#guess(from, guesses.slice(middle), flags);
    this.#end();
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
      this.#begin('if', () => code.if());
      if (repeats(this.#blocks[from]!)) this.calls.call(code, 'interrupts', { params: 0, result: false });
      this.#leave(low, high);
      this.#end();
      code.br(this.#depthOf(`l${to}`));
    } else if (this.#shape.isMerge[to]) code.br(this.#depthOf(`b${to}`));
    else this.#tree(to, this.passes['flag-flow'] ? flags : undefined);
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
