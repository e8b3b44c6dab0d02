import type { CodeCache } from '../code-cache.ts';
import type { CodeTable } from '../code-table.ts';
import type { RegionNode } from '../jit/emitter.ts';
import { INFO, R } from '../record.ts';
import { isInImage } from '../wasm/movable.ts';
import { type KeptRegion, NODE_WORDS } from './kept-region.ts';

/** A kept region at an entry. */
export interface PlacedRegion {
  readonly nodes: readonly RegionNode[];
  readonly exits: readonly { readonly low: number; readonly high: number }[];
}

/** An instruction of a kept region in its page. */
interface FoundNode {
  readonly table: CodeTable;
  /** Lower half of its address. */
  readonly low: number;
}

/**
 * The instructions of a kept region that is to begin at `entry`, which is in its mode. Undefined where the guest's bytes are
 * not those that it was made from, or are not mapped.
 */
export function findKept(
  kept: KeptRegion,
  entry: number,
  code: CodeCache,
  ram: Uint8Array,
): readonly FoundNode[] | undefined {
  const records = code.store;
  const low = records.words[entry + R.ip]!;
  const high = records.ipHigh(entry);
  const by = (low - kept.low) | 0;
  // Which of its parts lie on which pages must be the same.
  if ((by & 0xfff) !== 0) return undefined;
  if (by !== 0 && kept.moved.length > 0 && !(isInImage(low, high) && isInImage(kept.low, high))) return undefined;
  const expected = moveBytes(kept, by);
  if (expected === undefined) return undefined;
  const tables = new Map<number, CodeTable>();
  const found: FoundNode[] = [];
  let from = 0;
  for (let n = 0; n < kept.nodes.length; n += NODE_WORDS) {
    const length = kept.nodes[n + 1]!;
    const ip = addressAt(low, kept.nodes[n]!);
    if (ip === undefined) return undefined;
    const table = tables.get(ip & 0xfffff000) ?? code.tableAt(ip, high);
    if (table === undefined) return undefined;
    tables.set(ip & 0xfffff000, table);
    const start = table.ramPage * 4096 + (ip & 0xfff);
    const here = Math.min(length, 4096 - (ip & 0xfff));
    for (let k = 0; k < here; k++) if (ram[start + k] !== expected[from + k]) return undefined;
    if (here < length) {
      const behind = (ip + here) | 0;
      const second = behind === 0 ? -1 : code.offsetAt(behind, high);
      if (second < 0) return undefined;
      for (let k = here; k < length; k++) if (ram[second + k - here] !== expected[from + k]) return undefined;
    }
    from += length;
    found.push({ table, low: ip });
  }
  return found;
}

/** The nodes and exits of a kept region where it is to begin, as in `findKept`. They are decoded; nothing faults. */
export function placeRegion(
  kept: KeptRegion,
  entry: number,
  code: CodeCache,
  ram: Uint8Array,
): PlacedRegion | undefined {
  const records = code.store;
  const low = records.words[entry + R.ip]!;
  const high = records.ipHigh(entry);
  const found = findKept(kept, entry, code, ram);
  if (found === undefined) return undefined;
  const nodes: RegionNode[] = [];
  for (const [n, { table, low: ip }] of found.entries()) {
    // It moved to another process while one of the others was looked up.
    if (table.linearLow !== (ip & 0xfffff000) || table.linearHigh !== high) return undefined;
    const rec = code.decoded(table, ip);
    const length = kept.nodes[n * NODE_WORDS + 1]!;
    // No region runs over a breakpoint of the debugger.
    if (records.length(rec) !== length || records.is(rec, INFO.STOPS)) return undefined;
    nodes.push({ rec, refund: kept.nodes[n * NODE_WORDS + 2]!, alignment: 1 });
  }
  const exits: { low: number; high: number }[] = [];
  for (const distance of kept.exits) {
    const exit = addressAt(low, distance);
    if (exit === undefined) return undefined;
    exits.push({ low: exit, high });
  }
  return { nodes, exits };
}

/** Lower half of the address so far from `low`, in the same 4 GiB. */
function addressAt(low: number, distance: number): number | undefined {
  const address = (low >>> 0) + distance;
  return address >= 0 && address < 2 ** 32 ? address | 0 : undefined;
}

/** The bytes as they are where the code lies `by` bytes farther on. Undefined where a number of them has no room for that. */
function moveBytes({ bytes, moved }: KeptRegion, by: number): Uint8Array | undefined {
  if (by === 0 || moved.length === 0) return bytes;
  const there = bytes.slice();
  const view = new DataView(there.buffer);
  for (const place of moved) {
    const at = place < 0 ? ~place : place;
    const value = view.getInt32(at, true) + (place < 0 ? -by : by);
    // An address of the image is one of the last 2 GiB; a distance has a sign.
    if (value < -0x80000000 || value >= (place < 0 ? 0x80000000 : 0)) return undefined;
    view.setInt32(at, value, true);
  }
  return there;
}
