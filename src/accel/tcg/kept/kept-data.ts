import { type KeptRegion, NODE_WORDS } from './kept-region.ts';
import type { KeptData } from './kept-regions.ts';

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** An integer from one number to another, both included. */
export const isInteger = (value: unknown, from: number, to: number): value is number =>
  Number.isInteger(value) && (value as number) >= from && (value as number) <= to;

const isWord = (value: unknown): value is number => isInteger(value, -0x80000000, 0x7fffffff);

function isImport(value: unknown): boolean {
  if (!isObject(value) || typeof value.name !== 'string' || !isObject(value.signature)) return false;
  const { params, result } = value.signature;
  return isInteger(params, 0, 8) && typeof result === 'boolean';
}

function isModule(value: unknown): boolean {
  if (!isObject(value) || !(value.bytes instanceof Uint8Array) || !Array.isArray(value.imports)) return false;
  return isInteger(value.codeLength, 0, value.bytes.length) && value.imports.every(isImport);
}

/** Nodes have as many bytes as there are, and what moves lies among them. */
function isWhole({ nodes, bytes, moved }: KeptRegion): boolean {
  if (nodes.length === 0 || nodes.length % NODE_WORDS !== 0) return false;
  let length = 0;
  for (let n = 0; n < nodes.length; n += NODE_WORDS) {
    if (!isInteger(nodes[n + 1], 1, 15) || nodes[n + 2]! < 0) return false;
    length += nodes[n + 1]!;
  }
  return length === bytes.length && moved.every((at) => isInteger(at < 0 ? ~at : at, 0, length - 4));
}

function isKeptRegion(value: unknown): value is KeptRegion {
  if (!isObject(value) || !isModule(value.module) || typeof value.grown !== 'boolean') return false;
  if (!Number.isSafeInteger(value.key) || !isWord(value.mode) || !isWord(value.low)) return false;
  if (!(value.bytes instanceof Uint8Array)) return false;
  for (const words of [value.nodes, value.moved, value.exits]) if (!(words instanceof Int32Array)) return false;
  return isWhole(value as unknown as KeptRegion);
}

/** Whether a value has the shape of what `KeptRegions.data` gives. */
export const isKeptData = (value: unknown): value is KeptData =>
  isObject(value) &&
  typeof value.fingerprint === 'string' &&
  Array.isArray(value.regions) &&
  value.regions.every(isKeptRegion);
