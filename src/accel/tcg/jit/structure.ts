import type { Block, Edge } from './flow-graph.ts';

/**
 * Turns a flow graph into nested loops and blocks, after N. Ramsey, "Beyond Relooper" (ICFP 2022): the dominator
 * tree gives the nesting; a block with several forward predecessors follows a labelled block that they break out
 * of; the target of a back edge becomes a loop that its sources continue.
 */
export interface Structure {
  /** Children in the dominator tree that are merge points, in reverse order of their appearance. */
  readonly merges: readonly (readonly number[])[];
  readonly isMerge: readonly boolean[];
  readonly isLoop: readonly boolean[];
  readonly order: readonly number[];
  /** True for an edge back to a block that dominates its source. */
  isBack(from: number, to: number): boolean;
  /** An edge that no structure can express (into a loop's middle): control leaves the region there. */
  isIrreducible(from: number, to: number): boolean;
}

export function successors(block: Block): number[] {
  const edges: Edge[] =
    block.end === 'indirect' ? [] : [block.next, ...(block.taken === undefined ? [] : [block.taken])];
  return [...edges.flatMap((edge) => ('block' in edge ? [edge.block] : [])), ...block.guesses];
}

export function structure(blocks: readonly Block[]): Structure {
  const next = blocks.map(successors);
  const order = reversePostorder(next);
  const position = new Array<number>(blocks.length).fill(-1);
  order.forEach((block, at) => {
    position[block] = at;
  });
  const before: number[][] = blocks.map(() => []);
  for (const from of order) for (const to of next[from]!) before[to]!.push(from);
  const dominator = dominators(order, position, before);
  const dominates = (a: number, b: number): boolean => {
    let at = b;
    while (position[at]! > position[a]!) at = dominator[at]!;
    return at === a;
  };
  const isBack = (from: number, to: number): boolean => position[to]! <= position[from]! && dominates(to, from);
  const isIrreducible = (from: number, to: number): boolean => position[to]! <= position[from]! && !dominates(to, from);

  const isLoop = blocks.map(() => false);
  const isMerge = blocks.map(() => false);
  for (const to of order) {
    let edges = 0;
    for (const from of before[to]!) {
      if (isBack(from, to)) isLoop[to] = true;
      else if (!isIrreducible(from, to)) edges++;
    }
    isMerge[to] = edges > 1;
  }
  const merges: number[][] = blocks.map(() => []);
  for (const block of [...order].reverse()) {
    if (block !== order[0] && isMerge[block]) merges[dominator[block]!]!.push(block);
  }
  return { merges, isMerge, isLoop, order, isBack, isIrreducible };
}

function reversePostorder(next: readonly (readonly number[])[]): number[] {
  const seen = new Set<number>();
  const post: number[] = [];
  const visit = (block: number): void => {
    seen.add(block);
    for (const to of next[block]!) if (!seen.has(to)) visit(to);
    post.push(block);
  };
  visit(0);
  return post.reverse();
}

/** Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm". */
function dominators(
  order: readonly number[],
  position: readonly number[],
  before: readonly (readonly number[])[],
): number[] {
  const dominator = new Array<number>(position.length).fill(-1);
  const entry = order[0]!;
  dominator[entry] = entry;
  const meet = (a: number, b: number): number => {
    let x = a;
    let y = b;
    while (x !== y) {
      while (position[x]! > position[y]!) x = dominator[x]!;
      while (position[y]! > position[x]!) y = dominator[y]!;
    }
    return x;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      if (block === entry) continue;
      let found = -1;
      for (const from of before[block]!) {
        if (dominator[from] === -1) continue;
        found = found === -1 ? from : meet(found, from);
      }
      if (dominator[block] !== found) {
        dominator[block] = found;
        changed = true;
      }
    }
  }
  return dominator;
}
