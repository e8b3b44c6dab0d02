import type { Insn } from '../../../cpu/insn.ts';
import type { IrBuilder } from '../../../cpu/ir/block.ts';
import { translateInsn } from '../../../cpu/translate.ts';
import { INFO, R, STOP } from '../record.ts';
import type { Records } from '../records.ts';
import type { Passes } from './passes.ts';

/** A block joins a region when it was entered at least this fraction as often as the region's first block. */
const RARE = 1 / 32;

/** One guest instruction of a region. */
export interface Node {
  readonly rec: number;
  readonly insn: Insn;
  readonly ir: IrBuilder;
}

/** Where control goes: to a block of the region, or out of it at a known instruction pointer. */
export type Edge = { readonly block: number } | { readonly low: number; readonly high: number };

/** A basic block. Its last instruction ends it, unless it runs into the next leader. */
export interface Block {
  readonly nodes: readonly Node[];
  readonly low: number;
  readonly high: number;
  /**
   * jump: `next` only; branch: `taken` and `next`, also of a repeated string instruction, which is taken to itself;
   * indirect: `guesses`, then out.
   */
  readonly end: 'jump' | 'branch' | 'indirect';
  readonly next: Edge;
  readonly taken?: Edge;
  /** Likely targets of an indirect jump that are in the region. */
  readonly guesses: readonly number[];
}

/** The block is a string instruction that repeats itself. */
export const repeats = ({ nodes }: Block): boolean => nodes.at(-1)?.ir.terminal.kind === 'repeat';

export interface FlowGraph {
  /** Block 0 is the entry. */
  readonly blocks: readonly Block[];
  readonly instructions: number;
}

/** What the graph builder asks of the code cache. */
export interface CodeSource {
  readonly store: Records;
  /** The predecoded instruction at an address that runs in the same mode, if it was ever decoded. */
  peek(low: number, high: number): number | undefined;
  /** Decodes the bytes of a record again; undefined when they are not mapped as they were. */
  insnOf(rec: number): Insn | undefined;
}

/** What an emitter makes of a flow graph. */
export interface GraphRules {
  /** Instructions of a region, at most, and of one that has been entered often. */
  readonly limit: number;
  readonly grownLimit?: number;
  /** Targets of an indirect jump that it tests for, at most: more cost more than looking the target up. */
  readonly guesses: number;
  /** Whether there is code for an instruction that stays in its region. */
  readonly holds: (ir: IrBuilder) => boolean;
  /** Makes IR of an instruction, if not `translateInsn`. */
  readonly translate?: (insn: Insn) => IrBuilder;
  /** A region ends where another one begins, in code that was made already. */
  readonly endsAt?: (rec: number) => boolean;
}

/** A number of its own for each canonical address. */
const keyOf = (low: number, high: number): number => (high & 0xfffff) * 2 ** 32 + (low >>> 0);

interface Run {
  readonly nodes: Node[];
  exit: { low: number; high: number } | undefined;
}

/**
 * Collects the blocks that belong to a hot entry: everything that was reached from it by known jumps, as long as
 * it was run, in the order of discovery. Instructions that a region cannot hold end it there, and so do those where a
 * large region begins.
 */
export function buildFlowGraph(
  entry: number,
  source: CodeSource,
  passes: Passes,
  { guesses, holds, endsAt, translate = translateInsn }: GraphRules,
  limit: number,
  mostHeat = Infinity,
): FlowGraph | undefined {
  const { store } = source;
  const c = store.words;
  const nodeAt = new Map<number, Node>();
  const leaders: { low: number; high: number }[] = [];
  const leaderKeys = new Set<number>();
  const hot = Math.min(store.heat(entry), mostHeat);
  const rare = hot * RARE;
  let instructions = 0;

  const lead = (low: number, high: number, heat: number): void => {
    const key = keyOf(low, high);
    if (leaderKeys.has(key) || (heat < rare && leaders.length > 0)) return;
    leaderKeys.add(key);
    leaders.push({ low, high });
  };

  lead(c[entry + R.ip]!, store.ipHigh(entry), hot);
  for (let n = 0; n < leaders.length && instructions < limit; n++) {
    let { low, high } = leaders[n]!;
    for (;;) {
      const key = keyOf(low, high);
      if (nodeAt.has(key) || instructions >= limit) break;
      const rec = source.peek(low, high);
      if (rec !== undefined && rec !== entry && passes['region-links'] && endsAt?.(rec) === true) break;
      const here = rec !== undefined && (passes['cross-page'] || c[rec + R.page] === c[entry + R.page]);
      const node = here ? makeNode(rec, source, holds, translate) : undefined;
      if (node === undefined) break;
      // It is jumped to from its own end.
      if (node.ir.terminal.kind === 'repeat') lead(low, high, hot);
      nodeAt.set(key, node);
      instructions++;
      const { insn, ir } = node;
      const { kind } = ir.terminal;
      const next = insn.next as readonly [number, number];
      const target = insn.target as readonly [number, number];
      if (kind === 'jump') {
        lead(target[0], target[1], store.heat(c[node.rec + R.link]!));
        // What a call comes back to is as hot as the call.
        if (passes['return-prediction'] && insn.row.mnemonic === 'CALL') {
          lead(next[0], next[1], c[node.rec + R.link] === STOP ? 0 : hot);
        }
        break;
      }
      if (kind === 'repeat') {
        if (c[node.rec + R.next] !== STOP) lead(next[0], next[1], hot);
        break;
      }
      if (kind === 'branch') {
        const link = c[node.rec + R.link]!;
        if (link !== STOP) lead(target[0], target[1], store.heat(link));
        if (c[node.rec + R.next] !== STOP) lead(next[0], next[1], hot);
        break;
      }
      if (kind === 'indirect') {
        for (const to of store.targets.get(node.rec) ?? []) {
          if (isNear(store, node.rec, to)) lead(c[to + R.ip]!, store.ipHigh(to), store.heat(to));
        }
        break;
      }
      [low, high] = next;
    }
  }
  return cut(store, leaders, leaderKeys, nodeAt, instructions, passes, guesses);
}

/** The target of an indirect jump may be in its region. */
function isNear(store: Records, jump: number, to: number): boolean {
  const [from, page] = [store.pageOf(jump), store.pageOf(to)];
  return page.mode === from.mode && (!store.is(jump, INFO.MOVED_APART) || page.movesWith(from));
}

/** Undefined when a region cannot hold the instruction. */
function makeNode(
  rec: number,
  source: CodeSource,
  holds: GraphRules['holds'],
  translate: (insn: Insn) => IrBuilder,
): Node | undefined {
  const insn = source.store.is(rec, INFO.STOPS) ? undefined : source.insnOf(rec);
  if (insn === undefined) return undefined;
  const ir = translate(insn);
  return holds(ir) ? { rec, insn, ir } : undefined;
}

/** Blocks that an indirect jump may go to: where it went before; for a return, behind the calls of the region. */
function guessTargets(
  store: Records,
  node: Node,
  nodeAt: ReadonlyMap<number, Node>,
  indexOf: ReadonlyMap<number, number>,
  passes: Passes,
  most: number,
): readonly number[] {
  const known = passes['indirect-guesses'] ? (store.targets.get(node.rec) ?? []) : [];
  const hottest = [...known].sort((a, b) => store.heat(b) - store.heat(a));
  const keys = hottest.map((to) => keyOf(store.words[to + R.ip]!, store.ipHigh(to)));
  if (passes['return-prediction'] && node.insn.row.mnemonic === 'RET') {
    for (const { insn } of nodeAt.values()) {
      const [low, high] = insn.next as readonly [number, number];
      if (insn.row.mnemonic === 'CALL') keys.push(keyOf(low, high));
    }
  }
  const blocks = keys.map((key) => indexOf.get(key)).filter((block) => block !== undefined);
  return [...new Set(blocks)].slice(0, most);
}

/** Cuts what was collected into basic blocks at the leaders. */
function cut(
  store: Records,
  leaders: readonly { low: number; high: number }[],
  leaderKeys: ReadonlySet<number>,
  nodeAt: ReadonlyMap<number, Node>,
  instructions: number,
  passes: Passes,
  guessLimit: number,
): FlowGraph | undefined {
  const indexOf = new Map<number, number>();
  for (const { low, high } of leaders) {
    const key = keyOf(low, high);
    if (nodeAt.has(key)) indexOf.set(key, indexOf.size);
  }
  if (!indexOf.has(keyOf(leaders[0]!.low, leaders[0]!.high))) return undefined;
  const edge = (low: number, high: number): Edge => {
    const block = indexOf.get(keyOf(low, high));
    return block === undefined ? { low, high } : { block };
  };
  const blocks: Block[] = [];
  for (const start of leaders) {
    if (!nodeAt.has(keyOf(start.low, start.high))) continue;
    const run: Run = { nodes: [], exit: undefined };
    let { low, high } = start;
    for (;;) {
      const node = nodeAt.get(keyOf(low, high));
      if (node === undefined || (run.nodes.length > 0 && leaderKeys.has(keyOf(low, high)))) {
        blocks.push({ ...start, nodes: run.nodes, end: 'jump', next: edge(low, high), guesses: [] });
        break;
      }
      run.nodes.push(node);
      const { insn, ir } = node;
      const { kind } = ir.terminal;
      const [nextLow, nextHigh] = insn.next as readonly [number, number];
      const [targetLow, targetHigh] = insn.target as readonly [number, number];
      if (kind === 'jump') {
        blocks.push({ ...start, nodes: run.nodes, end: 'jump', next: edge(targetLow, targetHigh), guesses: [] });
        break;
      }
      if (kind === 'branch' || kind === 'repeat') {
        const taken = kind === 'repeat' ? edge(low, high) : edge(targetLow, targetHigh);
        blocks.push({ ...start, nodes: run.nodes, end: 'branch', next: edge(nextLow, nextHigh), taken, guesses: [] });
        break;
      }
      if (kind === 'indirect') {
        const guesses = guessTargets(store, node, nodeAt, indexOf, passes, guessLimit);
        blocks.push({ ...start, nodes: run.nodes, end: 'indirect', next: { low: 0, high: 0 }, guesses });
        break;
      }
      low = nextLow;
      high = nextHigh;
    }
  }
  return { blocks, instructions };
}
