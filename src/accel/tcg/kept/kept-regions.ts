import { compileLater } from '../wasm/web-assembly.ts';
import { entryKey } from './entry-key.ts';
import { isKeptData } from './kept-data.ts';
import type { KeptRegion } from './kept-region.ts';

/** What is kept, at most: regions, those of one key, and bytes of their modules and of the guest's code. */
const MOST = { regions: 4000, variants: 4, bytes: 6 * 2 ** 20 } as const;
/** So large a share of new ones is worth writing. */
const STALE = 1 / 16;

/** Regions as they are given to a later run: plain data. */
export interface KeptData {
  /** What the code in the modules takes for granted; another one has no use for them. */
  readonly fingerprint: string;
  readonly regions: readonly KeptRegion[];
}

interface Kept {
  /** What V8 has compiled in the background and nobody has taken. */
  module: object | undefined;
}

/**
 * Regions that earlier runs of a guest made, and those of this one for later runs (docs/adr/0024). A region is used where
 * the guest's bytes are those that it was made from; an entry has several where the guest changes its code, as Linux does
 * when it has found out what CPU it has.
 */
export class KeptRegions {
  #loaded: KeptData | undefined;
  #fingerprint = '';
  /** Used longest ago first. */
  readonly #kept = new Map<KeptRegion, Kept>();
  /** By key; made last first. */
  readonly #byKey = new Map<number, readonly KeptRegion[]>();
  /** How many begin at an offset in a page. */
  readonly #offsets = new Uint16Array(4096);
  /** Regions that an earlier run had made. */
  loaded = 0;
  /** Of those that were asked for: used, and of other bytes than the guest's. */
  used = 0;
  unlike = 0;
  /** Regions that this run made. */
  added = 0;

  /** @param data what `data` gave in an earlier run; anything else counts as nothing */
  constructor(data?: unknown) {
    if (isKeptData(data)) this.#loaded = data;
  }

  /** Begins a run whose code takes for granted what the fingerprint says; V8 compiles in the background. */
  begin(fingerprint: string): void {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    if (this.#fingerprint === fingerprint) return;
    this.#fingerprint = fingerprint;
    this.#kept.clear();
    this.#byKey.clear();
    this.#offsets.fill(0);
    if (loaded?.fingerprint !== fingerprint) return;
    for (const region of loaded.regions) {
      const kept: Kept = { module: undefined };
      this.#put(region, kept);
      void compileLater(region.module.bytes).then((module) => {
        if (module === undefined) this.forget(region);
        else kept.module = module;
      });
    }
    this.loaded = this.#kept.size;
  }

  /** Whether a region may be there for the code at an offset in RAM. */
  isKnown(ram: Uint8Array, offset: number, mode: number): boolean {
    return this.#offsets[offset & 0xfff] !== 0 && this.#byKey.has(entryKey(ram, offset, mode));
  }

  /** The regions for the code at an offset in RAM, by its first bytes alone. */
  at(ram: Uint8Array, offset: number, mode: number): readonly KeptRegion[] {
    if (this.#offsets[offset & 0xfff] === 0) return [];
    return (this.#byKey.get(entryKey(ram, offset, mode)) ?? []).filter((region) => region.mode === mode);
  }

  /** The region is used: gives its module, if V8 has compiled it and nobody has taken it. */
  take(region: KeptRegion): object | undefined {
    const kept = this.#kept.get(region);
    if (kept === undefined) return undefined;
    const { module } = kept;
    kept.module = undefined;
    this.#kept.delete(region);
    this.#kept.set(region, kept);
    return module;
  }

  /** A region that was made, in place of those that are `forTheSame` code. */
  add(region: KeptRegion, forTheSame: (other: KeptRegion) => boolean = () => true): void {
    this.added++;
    for (const other of this.#byKey.get(region.key) ?? []) if (forTheSame(other)) this.forget(other);
    this.#put(region, { module: undefined });
    const variants = this.#byKey.get(region.key)!;
    if (variants.length > MOST.variants) this.forget(variants.at(-1)!);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST.regions) break;
      this.forget(oldest);
    }
  }

  /** It is as if the region had never been there. */
  forget(region: KeptRegion): void {
    if (!this.#kept.delete(region)) return;
    const others = this.#byKey.get(region.key)!.filter((other) => other !== region);
    if (others.length === 0) this.#byKey.delete(region.key);
    else this.#byKey.set(region.key, others);
    this.#offsets[region.low & 0xfff]!--;
  }

  /** So much is new that a later run should have it. */
  get isStale(): boolean {
    return this.added > this.#kept.size * STALE;
  }

  /** What a later run may begin with: what was used last, within limits. */
  get data(): KeptData {
    const regions: KeptRegion[] = [];
    let bytes = 0;
    for (const region of [...this.#kept.keys()].reverse()) {
      bytes += region.module.bytes.length + region.bytes.length;
      if (bytes > MOST.bytes) break;
      regions.push(region);
    }
    return { fingerprint: this.#fingerprint, regions: regions.reverse() };
  }

  #put(region: KeptRegion, kept: Kept): void {
    this.#kept.set(region, kept);
    this.#byKey.set(region.key, [region, ...(this.#byKey.get(region.key) ?? [])]);
    this.#offsets[region.low & 0xfff]!++;
  }
}
