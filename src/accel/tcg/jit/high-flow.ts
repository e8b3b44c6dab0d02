import type { IrBuilder } from '../../../cpu/ir/block.ts';
import type { Block, Node } from './flow-graph.ts';
import { GPRS, type Highs, type KnownHalves, knownHalves, meet, registerOf } from './high-halves.ts';
import { type Structure, successors } from './structure.ts';

/** What may be taken for granted about high halves, until it turns out wrong. */
export interface Speculation {
  /** High halves of the registers as they are now, by number; undefined where nothing is to be assumed. */
  readonly entry: Highs;
  /** Whether an instruction may be left when a high half is not the likely one. */
  mayGuard(rec: number): boolean;
}

/** High halves all over a region. */
export interface HighFlow {
  /** By block, by instruction. */
  readonly halves: readonly (readonly KnownHalves[])[];
  /** Compared when the region is entered. */
  readonly assumed: readonly { readonly register: number; readonly high: number }[];
  /** Registers whose high half is one number in the whole region: it needs no local and is never stored. */
  readonly fixed: ReadonlySet<number>;
}

const UNKNOWN: Highs = new Array<undefined>(GPRS).fill(undefined);

/** Follows high halves through a region's blocks. Block 0 is the entry. */
export function highFlow(blocks: readonly Block[], { order }: Structure, speculation: Speculation): HighFlow {
  const used = readHighs(blocks);
  let seeds: Highs = speculation.entry;
  for (;;) {
    const at = flow(blocks, order, seeds, speculation);
    const halves = blocks.map(({ nodes }, block) => alongBlock(nodes, at[block] ?? UNKNOWN, speculation));
    const fixed = fixedRegisters(blocks, halves, at, seeds);
    // An assumption that nothing follows from is not worth its check.
    const useful = seeds.map((high, register) =>
      high !== undefined && at[0]![register] === high && (used.has(register) || fixed.has(register)) ? high : undefined,
    );
    if (useful.every((high, register) => high === seeds[register])) {
      const assumed = useful.flatMap((high, register) => (high === undefined ? [] : [{ register, high }]));
      return { halves, assumed, fixed };
    }
    seeds = useful;
  }
}

/** What is known at each block's beginning; undefined for one that is not reached. */
function flow(
  blocks: readonly Block[],
  order: readonly number[],
  seeds: Highs,
  speculation: Speculation,
): (Highs | undefined)[] {
  const at: (Highs | undefined)[] = blocks.map(() => undefined);
  at[0] = seeds;
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      const before = at[block];
      if (before === undefined) continue;
      const { nodes } = blocks[block]!;
      const after = alongBlock(nodes, before, speculation).at(-1)?.after ?? before;
      for (const to of successors(blocks[block]!)) {
        const merged = at[to] === undefined ? after : meet(at[to], after);
        if (at[to]?.every((high, register) => high === merged[register])) continue;
        at[to] = merged;
        changed = true;
      }
    }
  }
  return at;
}

function alongBlock(nodes: readonly Node[], before: Highs, speculation: Speculation): KnownHalves[] {
  let now = before;
  return nodes.map(({ ir, rec }) => {
    const halves = knownHalves(ir, now, speculation.mayGuard(rec));
    now = halves.after;
    return halves;
  });
}

/** Registers whose high half some instruction reads. */
function readHighs(blocks: readonly Block[]): Set<number> {
  const used = new Set<number>();
  eachInst(blocks, (inst) => {
    const register = inst.op === 'get' && inst.type === 'i64' ? registerOf(inst.slot.word) : undefined;
    if (register !== undefined) used.add(register);
  });
  return used;
}

/** Registers that the region writes, only ever with the high half that they had when it was entered. */
function fixedRegisters(
  blocks: readonly Block[],
  halves: readonly (readonly KnownHalves[])[],
  at: readonly (Highs | undefined)[],
  seeds: Highs,
): Set<number> {
  const written = new Set<number>();
  const other = new Set<number>();
  eachInst(blocks, (inst, block, node) => {
    const register = inst.op === 'set' ? registerOf(inst.slot.word) : undefined;
    if (inst.op !== 'set' || register === undefined || at[block] === undefined) return;
    written.add(register);
    const wide = blocks[block]!.nodes[node]!.ir.typeOf(inst.value) === 'i64';
    const same = wide ? halves[block]![node]!.known[inst.value] === seeds[register] : (inst.slot.word & 1) === 0;
    if (!same || seeds[register] === undefined) other.add(register);
  });
  return new Set([...written].filter((register) => !other.has(register)));
}

function eachInst(
  blocks: readonly Block[],
  visit: (inst: IrBuilder['insts'][number], block: number, node: number) => void,
): void {
  blocks.forEach(({ nodes }, block) => {
    nodes.forEach(({ ir }, node) => {
      for (const inst of ir.insts) visit(inst, block, node);
    });
  });
}
