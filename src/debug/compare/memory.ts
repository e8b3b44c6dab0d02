const PAGE = 4096;

/** Where two memories of the same size differ. */
export interface MemoryComparison {
  readonly pages: number;
  readonly different: number;
  /** Offset of the first byte that differs. */
  readonly first: number | undefined;
}

/** Compares memory page by page. */
export function compareMemory(a: Uint8Array, b: Uint8Array): MemoryComparison {
  let different = 0;
  let first: number | undefined;
  for (let at = 0; at < a.length; at += PAGE) {
    const [x, y] = [a.subarray(at, at + PAGE), b.subarray(at, at + PAGE)];
    if (Buffer.compare(x, y) === 0) continue;
    different++;
    first ??= at + x.findIndex((byte, n) => byte !== y[n]);
  }
  return { pages: Math.ceil(a.length / PAGE), different, first };
}
