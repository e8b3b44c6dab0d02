import { compileLater } from '../wasm/web-assembly.ts';
import { entryKey } from './entry-key.ts';
import { isKeptData } from './kept-data.ts';
import type { KeptRegion } from './kept-region.ts';

/** What is kept, at most: regions, and bytes of their modules and of the guest's code. */
const MOST = { regions: 4000, bytes: 6 * 2 ** 20 } as const;

/** Regions as they are given to a later run: plain data. */
export interface KeptData {
  /** What the code in the modules takes for granted; another one has no use for them. */
  readonly fingerprint: string;
  readonly regions: readonly KeptRegion[];
}

interface Kept {
  readonly region: KeptRegion;
  /** What V8 has compiled in the background and nobody has taken. */
  module: object | undefined;
}

/**
 * Regions that earlier runs of a guest made, and those of this one for later runs (docs/adr/0024). One for each entry; a
 * region is used where the guest's bytes are those that it was made from.
 */
export class KeptRegions {
  #loaded: KeptData | undefined;
  #fingerprint = '';
  /** By key; used longest ago first. */
  readonly #byKey = new Map<number, Kept>();
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
    this.#byKey.clear();
    this.#offsets.fill(0);
    if (loaded?.fingerprint !== fingerprint) return;
    for (const region of loaded.regions) {
      const kept: Kept = { region, module: undefined };
      this.#put(kept);
      void compileLater(region.module.bytes).then((module) => {
        if (module === undefined) this.#forget(region);
        else kept.module = module;
      });
    }
    this.loaded = this.#byKey.size;
  }

  /** Whether a region may be there for the code at an offset in RAM. */
  isKnown(ram: Uint8Array, offset: number, mode: number): boolean {
    return this.#offsets[offset & 0xfff] !== 0 && this.#byKey.has(entryKey(ram, offset, mode));
  }

  /** The region for the code at an offset in RAM, by its first bytes alone. */
  at(ram: Uint8Array, offset: number, mode: number): KeptRegion | undefined {
    if (this.#offsets[offset & 0xfff] === 0) return undefined;
    const region = this.#byKey.get(entryKey(ram, offset, mode))?.region;
    return region !== undefined && region.mode === mode ? region : undefined;
  }

  /** The region is wanted: gives its module, if V8 has compiled it and nobody has taken it. */
  take(region: KeptRegion): object | undefined {
    const kept = this.#byKey.get(region.key);
    if (kept?.region !== region) return undefined;
    const { module } = kept;
    kept.module = undefined;
    this.#byKey.delete(region.key);
    this.#byKey.set(region.key, kept);
    return module;
  }

  /** The region is not what the guest has there: it is as if it was never there. */
  refuse(region: KeptRegion): void {
    this.unlike++;
    this.#forget(region);
  }

  /** A region that was made, in place of what was there for its entry. */
  add(region: KeptRegion): void {
    this.added++;
    this.#put({ region, module: undefined });
    for (const { region: oldest } of this.#byKey.values()) {
      if (this.#byKey.size <= MOST.regions) break;
      this.#forget(oldest);
    }
  }

  #forget(region: KeptRegion): void {
    if (this.#byKey.get(region.key)?.region !== region) return;
    this.#byKey.delete(region.key);
    this.#offsets[region.low & 0xfff]!--;
  }

  /** What a later run may begin with: what was used last, within limits. */
  get data(): KeptData {
    const regions: KeptRegion[] = [];
    let bytes = 0;
    for (const { region } of [...this.#byKey.values()].reverse()) {
      bytes += region.module.bytes.length + region.bytes.length;
      if (bytes > MOST.bytes) break;
      regions.push(region);
    }
    return { fingerprint: this.#fingerprint, regions: regions.reverse() };
  }

  #put(kept: Kept): void {
    const { region } = kept;
    const before = this.#byKey.get(region.key);
    if (before !== undefined) this.#forget(before.region);
    this.#byKey.set(region.key, kept);
    this.#offsets[region.low & 0xfff]!++;
  }
}
