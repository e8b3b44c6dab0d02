import type { SuspendedEntries } from './tlb.ts';

/** Identifiers whose translations are kept while another one is current, and invalidated pages that each remembers. */
const MOST = { contexts: 8, pages: 64 } as const;

/** Pages that were invalidated since, by a linear address and log2 of the size. */
export type InvalidatedPages = readonly (readonly [low: number, shift: number])[];

/** What is known of the translations of a process-context identifier that is not current. */
export interface Context<Code> {
  readonly entries: SuspendedEntries;
  /** What depends on them. */
  readonly code: Code;
  readonly invalidated: InvalidatedPages;
}

/** The translations of process-context identifiers that are not current (SDM 3A 4.10.1); those used last. */
export class Contexts<Code> {
  readonly #byPcid = new Map<number, Context<Code> & { readonly invalidated: [number, number][] }>();

  /** For one that was taken, or was not there. */
  put(pcid: number, entries: SuspendedEntries, code: Code): void {
    this.#byPcid.set(pcid, { entries, code, invalidated: [] });
    if (this.#byPcid.size <= MOST.contexts) return;
    const [oldest] = this.#byPcid.keys();
    this.#byPcid.delete(oldest!);
  }

  take(pcid: number): Context<Code> | undefined {
    const context = this.#byPcid.get(pcid);
    this.#byPcid.delete(pcid);
    return context;
  }

  /** The page of `1 << shift` bytes around a linear address may have been a global one. */
  invalidate(low: number, shift: number): void {
    for (const [pcid, { invalidated }] of this.#byPcid) {
      if (invalidated.length < MOST.pages) invalidated.push([low, shift]);
      else this.#byPcid.delete(pcid);
    }
  }

  clear(): void {
    this.#byPcid.clear();
  }
}

/** An address lies in one of the pages. */
export const isIn = (pages: InvalidatedPages, low: number): boolean =>
  pages.some(([page, shift]) => page >>> shift === low >>> shift);
