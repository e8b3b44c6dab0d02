import { MODE } from '../../../cpu/mode.ts';
import { W } from '../../../cpu/state.ts';
import { recentIndex } from '../code-cache.ts';
import { R } from '../record.ts';
import { analyse } from './analysis.ts';
import { isDivision } from './division.ts';
import { EXIT, generationWord, OWN, type RegionNode } from './emitter.ts';
import { FLAG_LOCALS, type FlagKnowledge, type FlagState, keepText, settleText } from './flag-state.ts';
import type { Block, Edge, FlowGraph } from './flow-graph.ts';
import { type HighFlow, highFlow, type Speculation } from './high-flow.ts';
import { highWord, namedAfter } from './high-halves.ts';
import { isFloatCall } from './inline-float.ts';
import type { Passes } from './passes.ts';
import { entryHighName, gprName, type RegionLocals, RegionPrinter } from './region-printer.ts';
import { COUNT } from './stats.ts';
import type { Structure } from './structure.ts';
import { ValueFacts } from './value-facts.ts';
import { X87Block } from './x87-block.ts';
import { X87_LOCALS, X87_SETTLE } from './x87-settle.ts';

/** A region as text, and the tables that go with it. */
export interface RegionText {
  readonly text: string;
  readonly uses: Set<string>;
  /** Instructions by node number. */
  readonly nodes: readonly RegionNode[];
  /** Known addresses where the region is left, by exit number. */
  readonly exits: readonly { readonly low: number; readonly high: number }[];
  /** High halves of registers with which the region may be entered. */
  readonly assumed: HighFlow['assumed'];
  /** It has an exit that asks the recent records for its target. */
  readonly isIndirect: boolean;
}

/** What does not follow from a region's code. */
export interface RegionEnds {
  /** It lies on several pages: whether they are mapped as when it was made is asked when translations changed. */
  readonly guarded: boolean;
  /** Entries after which what it leads to is promoted. */
  readonly hot: number;
  /** Whether an instruction's accesses may be at any address. */
  isUnaligned(rec: number): boolean;
  /** Whether an instruction met an x87 that is not as usual. */
  isUnusualX87(rec: number): boolean;
}

/** Prints a flow graph as one JavaScript function of nested loops, with registers and flags in locals. */
export function emitRegion(
  graph: FlowGraph,
  mode: number,
  name: string,
  passes: Passes,
  speculation: Speculation,
  ends: RegionEnds,
): RegionText {
  return new RegionEmitter(graph, mode, passes, speculation, ends).emit(name);
}

class RegionEmitter {
  readonly #blocks: readonly Block[];
  readonly #mode: number;
  readonly #passes: Passes;
  readonly #shape: Structure;
  readonly #flagsAt: readonly FlagKnowledge[];
  readonly #deadFlags: readonly (readonly boolean[])[];
  readonly #flagsLive: readonly boolean[];
  readonly #locals: RegionLocals = {
    read: new Set(),
    written: new Set(),
    entryHighs: new Set(),
    calls: false,
  };
  readonly #uses = new Set<string>(['w', 'c', 'own', 'number', 'finish', 'entered']);
  readonly #lines: string[] = [];
  readonly #nodes: RegionNode[] = [];
  readonly #exits: { low: number; high: number }[] = [];
  readonly #exitNumber = new Map<string, number>();
  readonly #long: boolean;
  readonly #calls: boolean;
  readonly #highs: HighFlow | undefined;
  readonly #ends: RegionEnds;
  #usesX87 = false;

  constructor(graph: FlowGraph, mode: number, passes: Passes, speculation: Speculation, ends: RegionEnds) {
    this.#ends = ends;
    const { blocks, shape, flagsAt, deadFlags, flagsLive } = analyse(graph, passes);
    this.#blocks = blocks;
    this.#mode = mode;
    this.#passes = passes;
    this.#long = (mode & MODE.CODE) === MODE.CODE_64;
    this.#shape = shape;
    const mayAsk = (helper: string): boolean => !isDivision(helper) && !isFloatCall(helper);
    this.#calls = this.#blocks.some(({ nodes }) =>
      nodes.some(({ ir }) => ir.insts.some((inst) => inst.op === 'call' && mayAsk(inst.helper))),
    );
    this.#flagsAt = flagsAt;
    if (this.#long && passes['high-halves']) this.#highs = highFlow(this.#blocks, this.#shape, speculation);
    this.#deadFlags = deadFlags;
    this.#flagsLive = flagsLive;
  }

  emit(name: string): RegionText {
    const { guarded, hot } = this.#ends;
    this.#tree(0, { kind: 'kept' });
    const { read, written, entryHighs, calls } = this.#locals;
    const spill = [
      ...[...written].map((word) => `w[${word}] = ${gprName(word)};`),
      keepText(this.#long),
      ...(this.#usesX87 ? [X87_SETTLE] : []),
      `w[${W.budget}] = n;`,
    ].join(' ');
    if (guarded) this.#uses.add('recheck');
    const hasExits = this.#exits.length > 0;
    const isIndirect = this.#passes['exit-links'] && this.#blocks.some(({ end }) => end === 'indirect');
    if (hasExits || isIndirect) for (const use of ['live', 'counts', 'epoch']) this.#uses.add(use);
    if (isIndirect) for (const use of ['recent', 'ipHighs', 'modes']) this.#uses.add(use);
    this.#uses.add(this.#long ? 'keepFlags64' : 'keepFlags');
    if (calls) this.#uses.add('faultAt');
    const text = [
      `return function ${name}(i) {`,
      ...(guarded
        ? [
            `if (own[${OWN.CHECKED}] !== w[${generationWord(this.#mode)}]) { const r = recheck(number, i); if (r >= 0) return r; }`,
          ]
        : []),
      `let n = w[${W.budget}] + c[i | ${R.left}] | 0, pc = 0, x = 0, tl = 0, th = 0;`,
      ...(read.size === 0 ? [] : [`let ${[...read].map((word) => `${gprName(word)} = w[${word}]`).join(', ')};`]),
      ...[...entryHighs].map((register) => `const ${entryHighName(register)} = w[${highWord(register)}];`),
      FLAG_LOCALS,
      ...(this.#usesX87 ? [X87_LOCALS] : []),
      ...(calls ? ['try {'] : []),
      'out: {',
      'entered[0] = n;',
      `if (c[i | ${R.left}] < 0) { x = c[i | ${R.imm}]; fk = 0; break out; }`,
      ...this.#entryCheck(),
      ...this.#lines,
      '}',
      ...(calls ? ['} catch (e) {', spill, 'faultAt(number, pc); throw e;', '}'] : []),
      spill,
      ...handOver(hot, this.#mode, hasExits, isIndirect),
      'return finish(number, x, pc, tl, th);',
      '}',
    ].join('\n');
    return {
      text,
      uses: this.#uses,
      nodes: this.#nodes,
      exits: this.#exits,
      assumed: this.#highs?.assumed ?? [],
      isIndirect,
    };
  }

  #entryCheck(): string[] {
    const wrong = (this.#highs?.assumed ?? []).flatMap(({ register, high }) => {
      const other = namedAfter(high);
      if (other === register) return [];
      return `w[${highWord(register)}] !== ${other === undefined ? high : `w[${highWord(other)}]`}`;
    });
    return wrong.length === 0 ? [] : [`if (${wrong.join(' || ')}) { x = ${EXIT.UNSUITED}; break out; }`];
  }

  /** Prints a block and what it dominates; `flags` where one edge alone leads to it. */
  #tree(block: number, flags?: FlagState): void {
    const { isLoop, merges } = this.#shape;
    let before = flags ?? { kind: this.#flagsAt[block] ?? 'unknown' };
    if (isLoop[block]) {
      if (this.#flagsLive[block]) this.#settle(before);
      before = { kind: this.#flagsAt[block] ?? 'unknown' };
      this.#lines.push(`l${block}: for (;;) {`);
    }
    this.#within(block, merges[block]!, before);
    if (isLoop[block]) this.#lines.push('}');
  }

  #within(block: number, merges: readonly number[], flags: FlagState): void {
    const [last, ...rest] = merges;
    if (last === undefined) return this.#body(block, flags);
    this.#lines.push(`b${last}: {`);
    this.#within(block, rest, flags);
    this.#lines.push('}');
    this.#tree(last);
  }

  #body(at: number, before: FlagState): void {
    const block = this.#blocks[at]!;
    const { nodes } = block;
    // Cut to 32 bits, or V8 checks for overflow, and keeps all locals for that case.
    if (nodes.length > 0) this.#lines.push(`n = n - ${nodes.length} | 0;`);
    let flags = before;
    let printer: RegionPrinter | undefined;
    const facts = new ValueFacts();
    const x87 =
      this.#passes['inline-x87'] && !nodes.some(({ rec }) => this.#ends.isUnusualX87(rec))
        ? new X87Block(nodes.map(({ ir }) => ir))
        : undefined;
    nodes.forEach((node, index) => {
      const number = this.#nodes.length;
      const { rec } = node;
      printer = new RegionPrinter(node.ir, this.#mode, number, flags, this.#locals, this.#passes);
      printer.flagsDead = this.#deadFlags[at]?.[index] ?? false;
      printer.unaligned = this.#ends.isUnaligned(rec);
      printer.facts = facts;
      if (x87 !== undefined) {
        printer.x87 = x87;
        printer.x87Part = x87.part(index);
      }
      if (this.#highs !== undefined) {
        printer.halves64 = this.#highs.halves[at]![index]!;
        printer.fixedHighs = this.#highs.fixed;
      }
      printer.body();
      this.#nodes.push({ rec, refund: nodes.length - index, alignment: printer.alignment });
      flags = printer.flags;
      this.#bind(printer);
      this.#lines.push(...printer.lines);
    });
    if (x87?.isUsed === true) {
      this.#usesX87 = true;
      this.#lines.push(x87.end());
    }
    switch (block.end) {
      case 'jump':
        return this.#edge(at, block.next, flags);
      case 'branch': {
        const { terminal } = nodes[nodes.length - 1]!.ir;
        if (terminal.kind !== 'branch') throw new Error('a branch block ends in a branch');
        this.#lines.push(`if (${printer!.test(terminal.condition)}) {`);
        this.#bind(printer!);
        this.#edge(at, block.taken!, flags);
        this.#lines.push('}');
        return this.#edge(at, block.next, flags);
      }
      case 'indirect': {
        const { terminal } = nodes[nodes.length - 1]!.ir;
        if (terminal.kind !== 'indirect') throw new Error('an indirect block ends in an indirect jump');
        this.#lines.push(`tl = ${printer!.low(terminal.target)};`);
        this.#lines.push(`th = ${this.#long ? printer!.high(terminal.target) : '0'};`);
        for (const guess of block.guesses) {
          const { low, high } = this.#blocks[guess]!;
          this.#lines.push(`if (tl === ${low}${this.#long ? ` && th === ${high}` : ''}) {`);
          this.#edge(at, { block: guess }, flags);
          this.#lines.push('}');
        }
        this.#settle(flags);
        this.#lines.push(`x = ${EXIT.INDIRECT}; break out;`);
      }
    }
  }

  /** Binds the names from outside that have been printed so far. */
  #bind({ uses }: RegionPrinter): void {
    for (const use of uses) this.#uses.add(use);
  }

  #edge(from: number, edge: Edge, flags: FlagState): void {
    if (!('block' in edge)) return this.#leave(edge.low, edge.high, flags);
    const to = edge.block;
    const { low, high } = this.#blocks[to]!;
    if (this.#shape.isIrreducible(from, to)) return this.#leave(low, high, flags);
    if (this.#shape.isBack(from, to)) {
      if (!this.#passes.loops) return this.#leave(low, high, flags);
      // Helpers alone may ask for attention, which is seen in the word of the state.
      this.#lines.push(`if (n < ${this.#calls ? `w[${W.budgetEnd}]` : '0'}) {`);
      this.#leave(low, high, flags);
      this.#lines.push('}');
      if (this.#flagsLive[to]) this.#settle(flags);
      this.#lines.push(`continue l${to};`);
    } else if (this.#shape.isMerge[to]) {
      if (this.#flagsLive[to]) this.#settle(flags);
      this.#lines.push(`break b${to};`);
    } else if (this.#passes['flag-flow']) this.#tree(to, flags);
    else {
      this.#settle(flags);
      this.#tree(to);
    }
  }

  #settle(flags: FlagState): void {
    const text = settleText(flags);
    if (text !== '') this.#lines.push(text);
  }

  #leave(low: number, high: number, flags: FlagState): void {
    this.#settle(flags);
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

/** Goes on with what an exit leads to, where that needs no look-up and is not about to be promoted. */
function handOver(hot: number, mode: number, hasExits: boolean, isIndirect: boolean): string[] {
  if (!hasExits && !isIndirect) return [];
  const link = `own[x + ${OWN.LINKS}]`;
  const recent = `recent[${recentIndex('tl')}]`;
  const target = hasExits ? (isIndirect ? `x >= 0 ? ${link} : ${recent}` : link) : recent;
  const page = `c[t | ${R.page}]`;
  const isThat = `c[t | ${R.ip}] === tl && ipHighs[${page}] === th && modes[${page}] === ${mode}`;
  const isRight = hasExits ? (isIndirect ? ` && (x >= 0 || ${isThat})` : '') : ` && ${isThat}`;
  const budget = `(w[${W.budget}] = n - c[t | ${R.left}] | 0) >= w[${W.budgetEnd}]`;
  return [
    `if (x >= ${isIndirect ? EXIT.INDIRECT : 0}) {`,
    `const t = ${target};`,
    `if (live[${page}] !== 0${isRight} && c[t | ${R.heat}] !== ${hot - 1} && ${budget}) {`,
    `c[t | ${R.heat}] = c[t | ${R.heat}] + 1 | 0;`,
    `counts[${COUNT.ran}] += entered[0] - n | 0;`,
    isIndirect ? `counts[x < 0 ? ${COUNT.indirect} : ${COUNT.exits}]++;` : `counts[${COUNT.exits}]++;`,
    `own[${OWN.USED}] = epoch[0];`,
    'return t;',
    '}',
    `w[${W.budget}] = n;`,
    '}',
  ];
}
