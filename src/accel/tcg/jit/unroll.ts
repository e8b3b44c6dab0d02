import { type Block, type Edge, repeats } from './flow-graph.ts';
import { structure, successors } from './structure.ts';

/** Instructions of a loop's body and its copies, at most. */
const UNROLLED_LIMIT = 22;
const COPIES_LIMIT = 4;

/**
 * Repeats the bodies of short innermost loops. A jump back has a price of its own: V8 looks for interrupts of its own
 * there, values move to the registers that the loop begins with, and the budget is compared.
 */
export function unrollLoops(blocks: readonly Block[]): readonly Block[] {
  const shape = structure(blocks);
  const before: number[][] = blocks.map(() => []);
  for (const from of shape.order) for (const to of successors(blocks[from]!)) before[to]!.push(from);
  const result = [...blocks];
  for (const header of shape.order.filter((block) => shape.isLoop[block])) {
    const body = bodyOf(header, before, (from) => shape.isBack(from, header));
    const innermost = !body.some((block) => block !== header && shape.isLoop[block]);
    if (!innermost || body.some((block) => blocks[block]!.end === 'indirect' || repeats(blocks[block]!))) continue;
    const size = body.reduce((sum, block) => sum + blocks[block]!.nodes.length, 0);
    const copies = Math.min(COPIES_LIMIT, Math.floor(UNROLLED_LIMIT / size));
    if (copies > 1) repeat(result, header, body, copies);
  }
  return result;
}

/** The header and the blocks from which it is jumped back to without passing it. */
function bodyOf(header: number, before: readonly (readonly number[])[], isBack: (from: number) => boolean): number[] {
  const body = new Set([header]);
  const waiting = before[header]!.filter(isBack);
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    if (body.has(block)) continue;
    body.add(block);
    waiting.push(...before[block]!);
  }
  return [...body];
}

/** Lets each jump back lead to the next copy of the loop, and that of the last copy to the first. */
function repeat(result: Block[], header: number, body: readonly number[], copies: number): void {
  const first = result.length;
  const placeOf = (block: number, copy: number): number =>
    copy === 0 ? block : first + (copy - 1) * body.length + body.indexOf(block);
  const originals = body.map((block) => result[block]!);
  for (let copy = 0; copy < copies; copy++) {
    const target = (block: number): number => {
      if (!body.includes(block)) return block;
      return block === header ? placeOf(header, (copy + 1) % copies) : placeOf(block, copy);
    };
    const edge = (to: Edge): Edge => ('block' in to ? { block: target(to.block) } : to);
    originals.forEach((block, n) => {
      result[placeOf(body[n]!, copy)] = {
        ...block,
        next: edge(block.next),
        ...(block.taken === undefined ? {} : { taken: edge(block.taken) }),
      };
    });
  }
}
