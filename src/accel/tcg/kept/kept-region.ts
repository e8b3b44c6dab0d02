import type { CodeCache } from '../code-cache.ts';
import type { RegionNode } from '../jit/emitter.ts';
import { isRelativeInHalf } from '../predecoder.ts';
import { R } from '../record.ts';
import type { Import } from '../wasm/module.ts';
import { movedFields } from '../wasm/movable.ts';
import { entryKey } from './entry-key.ts';

/** A module, and what it wants to be given. */
export interface RegionModule {
  readonly bytes: Uint8Array;
  readonly imports: readonly Import[];
  /** Bytes of its function. */
  readonly codeLength: number;
}

/**
 * A region of WebAssembly apart from the guest it was made in: good wherever the guest's bytes are those that it was made
 * from. Distances are from the entry, in bytes.
 */
export interface KeptRegion {
  /** Finds it by its entry: entry-key.ts. */
  readonly key: number;
  readonly mode: number;
  /** Of the entry: lower half of its address, which the numbers among `bytes` that move belong to. */
  readonly low: number;
  /** It is one of the larger ones, made of entries that ran often. */
  readonly grown: boolean;
  /** For each node: its distance, how many bytes it has, and what the budget gets back when it does not run. */
  readonly nodes: Int32Array;
  /** Bytes of all nodes. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` numbers of 32 bits are that move with the code; ~place where they shrink as its address grows. */
  readonly moved: Int32Array;
  /** Distances to where it is left. */
  readonly exits: Int32Array;
  readonly module: RegionModule;
}

/** Words of a node. */
export const NODE_WORDS = 3;

/** What a region was made of. */
export interface MadeRegion {
  readonly entry: number;
  readonly mode: number;
  readonly grown: boolean;
  readonly nodes: readonly RegionNode[];
  readonly exits: readonly { readonly low: number; readonly high: number }[];
  readonly module: RegionModule;
}

/** Distances have 32 bits. */
const FARTHEST = 0x7fffffff;

/** Undefined where a part of the region is in another 4 GiB than its entry, or it cannot be told what moves. */
export function keepRegion(
  { entry, mode, grown, nodes, exits, module }: MadeRegion,
  code: CodeCache,
  ram: Uint8Array,
): KeptRegion | undefined {
  const records = code.store;
  const c = records.words;
  const low = c[entry + R.ip]!;
  const high = records.ipHigh(entry);
  const distance = (to: number): number => (to >>> 0) - (low >>> 0);
  const isFar = (to: { readonly low: number; readonly high: number }): boolean =>
    to.high !== high || Math.abs(distance(to.low)) > FARTHEST;
  if (exits.some(isFar)) return undefined;
  const words: number[] = [];
  const bytes: number[] = [];
  const moved: number[] = [];
  for (const { rec, refund } of nodes) {
    const ip = c[rec + R.ip]!;
    const own = code.bytesOf(rec);
    const insn = own && code.predecoder.insnOf(rec, own);
    if (own === undefined || insn === undefined || isRelativeInHalf(insn)) return undefined;
    if (isFar({ low: ip, high: records.ipHigh(rec) })) return undefined;
    const fields = movedFields(insn, own);
    if (fields === undefined) return undefined;
    for (const field of fields) moved.push(field.grows ? bytes.length + field.at : ~(bytes.length + field.at));
    words.push(distance(ip), insn.length, refund);
    bytes.push(...own);
  }
  const { ramPage } = records.pageOf(entry);
  return {
    key: entryKey(ram, ramPage * 4096 + (low & 0xfff), mode),
    mode,
    low,
    grown,
    nodes: Int32Array.from(words),
    bytes: Uint8Array.from(bytes),
    moved: Int32Array.from(moved),
    exits: Int32Array.from(exits, (exit) => distance(exit.low)),
    module,
  };
}
