import { MODE } from '../../../cpu/mode.ts';
import type { CodeCache } from '../code-cache.ts';
import { sum } from '../code-table.ts';
import type { Environment } from '../environment.ts';
import { keepRegion } from '../kept/kept-region.ts';
import type { KeptRegions } from '../kept/kept-regions.ts';
import { findKept, placeRegion } from '../kept/place-region.ts';
import type { Move } from '../moving-tables.ts';
import { INFO, R, STOP } from '../record.ts';
import type { Records } from '../records.ts';
import { hostHasAll } from '../wasm/host-features.ts';
import { newWasmEmitter, type WasmEmitter } from '../wasm/wasm-emitter.ts';
import { generationWord, OWN, type RegionCode, type RegionEmitter, type RegionNode } from './emitter.ts';
import { buildFlowGraph, type FlowGraph } from './flow-graph.ts';
import { GROWTH, type Hotness, hotness, suitsWasm } from './hot.ts';
import { JsEmitter } from './js-emitter.ts';
import { KnownEntries } from './known-entries.ts';
import type { JitOptions, RegionRange } from './options.ts';
import { choosePasses, type Passes } from './passes.ts';
import { pagesOf, Region, spansOf } from './region.ts';
import { connectRegions } from './region-exits.ts';
import { SpeculationMemory } from './speculation.ts';
import { JitStats } from './stats.ts';
import { stepsOf } from './x87-plan.ts';

/** A region with fewer instructions is not worth its compilation, unless it loops. */
const LEAST = 3;
/** From this many instructions on a region of JavaScript is not repeated in others. */
const LARGE = 100;
/** Entries after which code is hot that was hot at another address. */
const KNOWN_AFTER = 500;
/** The same for entries of regions that an earlier run made, which cost next to nothing. */
const KEPT_AFTER = 100;
/** A region that was left so often for an address that is not aligned is made again. */
const STRAYED = 64;

/** From this share of x87 instructions on a region is JavaScript. */
const X87_SHARE = 1 / 4;

/** A region as it was made, for dumps. */
export interface MadeRegion {
  readonly name: string;
  readonly mode: number;
  readonly graph: FlowGraph;
  readonly text: string;
}

/** Makes, keeps and drops regions. */
export class Regions {
  readonly stats: JitStats;
  /** Told of each region that is made. */
  onMade: ((made: MadeRegion) => void) | undefined;
  readonly #w: Int32Array;
  readonly #code: CodeCache;
  readonly #records: Records;
  readonly #passes: Passes;
  readonly #javaScript: RegionEmitter;
  /** Undefined where WebAssembly cannot be had. */
  readonly #webAssembly: WasmEmitter | undefined;
  /** What earlier runs made; undefined where it is not to be used. */
  readonly kept: KeptRegions | undefined;
  readonly #ram: Uint8Array;
  readonly hot: Hotness;
  readonly #only: RegionRange | undefined;
  /** By the numbers of functions. */
  readonly #byNumber: Region[] = [];
  /** By entry. */
  readonly #live = new Map<number, Region>();
  /** Characters of the regions that are kept. When they go beyond `fullAt`, the code cache's `onFull` is told. */
  characters = 0;
  fullAt = Infinity;
  /** A region found no room: it is made when others are dropped. */
  wantsRoom = false;
  /** Regions with an instruction on a RAM page. */
  readonly #byPage = new Map<number, Set<Region>>();
  readonly #known = new KnownEntries();
  /** Entries that kept regions were not for: they become hot by themselves. */
  readonly #unlike = new Set<number>();
  readonly #speculation = new SpeculationMemory();
  #number = 0;

  constructor(w: Int32Array, code: CodeCache, env: Environment, options: JitOptions, features: ReadonlySet<string>) {
    this.#ram = env.names.m8 as Uint8Array;
    this.#w = w;
    this.#code = code;
    this.#records = code.store;
    this.stats = new JitStats(env.arena);
    this.#passes = choosePasses(options.passes);
    this.#only = options.only;
    code.onDrop = (rec) => this.#dropped(rec);
    code.onSweep = () => this.#forget();
    code.firstHeat = ({ mode, ramPage }, offset) => {
      if (!suitsWasm(mode)) return 0;
      if (this.kept?.isKnown(this.#ram, ramPage * 4096 + offset, mode) === true)
        return this.#hotAfter(mode, KEPT_AFTER);
      return this.#known.has(ramPage, offset) ? this.#hotAfter(mode, KNOWN_AFTER) : 0;
    };
    code.moving.onMove = (move) => this.#moved(move);
    code.onClear = () => {
      for (const region of this.#live.values()) this.#remove(region);
      this.#byPage.clear();
      this.#live.clear();
      this.#unlike.clear();
      this.characters = 0;
    };
    connectRegions(env, w, code, this.stats, this.#passes['exit-links'], {
      at: (number) => this.#byNumber[number]!,
      hotAt: (record) => this.hotAt(record),
      promote: (record) => this.promote(record),
      grow: (region) => this.#grow(region),
      strays: (region, node, offset) => this.#strays(region, node, offset),
      meetsUnusualX87: (region) => this.#meetsUnusualX87(region),
      giveUp: (region) => this.#giveUp(region),
      movedApart: (region) => this.#movedApart(region),
    });
    this.#javaScript = new JsEmitter(w, code, env, this.#passes, this.stats, this.#isLarge);
    if (env.memory !== undefined && this.#passes['web-assembly'] && hostHasAll()) {
      this.#webAssembly = newWasmEmitter(env.memory, env, this.#records.functions, this.#passes, options.words);
    }
    this.hot = hotness(options.hot, this.#webAssembly !== undefined);
    if (this.#webAssembly !== undefined && options.only === undefined) this.kept = options.kept;
    this.kept?.begin(
      JSON.stringify([this.#webAssembly?.fingerprint, this.hot(MODE.CODE_64), GROWTH, [...features].sort()]),
    );
  }

  /** Entries that a block has had when it is hot after so many more. */
  #hotAfter(mode: number, entries: number): number {
    return Math.max(0, this.hot(mode) - entries);
  }

  /** Entries by jumps after which the block that begins at a record is promoted. */
  hotAt(record: number): number {
    return this.hot(this.#records.pageOf(record).mode);
  }

  /** Puts the region that begins at a hot record in the record's place: one that an earlier run made, or else a new one. */
  promote(entry: number, grown = false): void {
    const records = this.#records;
    if (records.isDiverted(entry)) return;
    const { mode, ipHigh } = records.pageOf(entry);
    if ((mode & MODE.ALIGN_CHECK) !== 0) return;
    const started = performance.now();
    if (this.#place(entry, mode, grown)) {
      this.stats.compileMs += performance.now() - started;
      return;
    }
    const build = ({ rules }: RegionEmitter): FlowGraph | undefined =>
      buildFlowGraph(
        entry,
        this.#code,
        this.#passes,
        rules,
        grown ? (rules.grownLimit ?? rules.limit) : rules.limit,
        this.hot(mode),
      );
    let emitter = suitsWasm(mode) ? (this.#webAssembly ?? this.#javaScript) : this.#javaScript;
    let graph = build(emitter);
    if (emitter !== this.#javaScript && graph !== undefined && this.#isForX87(graph)) {
      emitter = this.#javaScript;
      graph = build(emitter);
    }
    const { limit, grownLimit } = emitter.rules;
    const number = this.#number++;
    if (graph === undefined || graph.instructions < LEAST || !this.#chosen(number)) {
      this.stats.refused++;
      return;
    }
    const recs = new Set(graph.blocks.flatMap(({ nodes }) => nodes.map(({ rec }) => rec)));
    const name = `region_${number}_${hex(ipHigh)}_${hex(records.words[entry + R.ip]!)}`;
    const slot = records.functions.add(() => STOP);
    const made = emitter.emit({
      name,
      graph,
      mode,
      number: slot,
      guarded: pagesOf(records, recs).length > 1 || spansOf(this.#code.spans, recs).length > 0,
      hot: this.hot(mode),
      speculation: this.#speculation.at(entry, this.#w),
      growsAt: grown || grownLimit === undefined || graph.instructions < limit ? undefined : this.hot(mode) * GROWTH,
      wantsText: this.onMade !== undefined,
      wantsModule: this.kept !== undefined,
    });
    if (made === undefined) {
      records.functions.remove(slot);
      records.words[entry + R.heat] = 0;
      this.stats.refused++;
      this.wantsRoom = true;
      this.#code.onFull();
      return;
    }
    this.onMade?.({ name, mode, graph, text: made.text });
    if (emitter === this.#webAssembly) this.#known.add(...placeOf(records, entry));
    this.#keep(entry, mode, grown, made);
    this.#put(new Region(this.#code, entry, recs, made, slot));
    this.stats.compileMs += performance.now() - started;
  }

  /** Puts a region in its entry's place. */
  #put(region: Region): void {
    const { entry, code, number, instructions } = region;
    code.own[OWN.USED] = this.#code.epoch;
    // Its pages are looked up when it runs first.
    code.own[OWN.CHECKED] = ~this.#w[generationWord(this.#records.pageOf(entry).mode)]!;
    this.#byNumber[number] = region;
    code.install();
    this.#records.divert(entry, number);
    for (const { ramPage } of region.pages) {
      let regions = this.#byPage.get(ramPage);
      if (regions === undefined) this.#byPage.set(ramPage, (regions = new Set()));
      regions.add(region);
    }
    this.#live.set(entry, region);
    this.characters += code.characters;
    const { stats } = this;
    stats.made++;
    stats[code.language].made++;
    stats[code.language].length += code.length;
    stats.instructions += instructions;
    stats.characters += code.characters;
    if (this.characters > this.fullAt) this.#code.onFull();
  }

  /** Keeps a region for later runs. */
  #keep(entry: number, mode: number, grown: boolean, { nodes, exits, module }: RegionCode): void {
    if (module === undefined || this.kept === undefined) return;
    const made = { entry, mode, grown, nodes, exits, module };
    const region = keepRegion(made, this.#code, this.#ram);
    if (region === undefined) return;
    this.kept.add(region, (other) => findKept(other, entry, this.#code, this.#ram) !== undefined);
  }

  /**
   * Puts a region there that an earlier run made of the same code; true when there is nothing left to do. Where the code is
   * another one, the entry is as cold as any, once.
   */
  #place(entry: number, mode: number, grown: boolean): boolean {
    const { kept } = this;
    const webAssembly = this.#webAssembly;
    if (kept === undefined || webAssembly === undefined || this.onMade !== undefined || !suitsWasm(mode)) return false;
    const records = this.#records;
    const [ramPage, offset] = placeOf(records, entry);
    const regions = kept.at(this.#ram, ramPage * 4096 + offset, mode).filter((region) => region.grown || !grown);
    for (const region of regions) {
      const placed = placeRegion(region, entry, this.#code, this.#ram);
      if (placed === undefined) continue;
      const base = { low: records.words[entry + R.ip]!, high: records.ipHigh(entry) };
      const number = records.functions.add(() => STOP);
      const code = webAssembly.place(number, base, region, kept.take(region), placed);
      if (code === undefined) {
        records.functions.remove(number);
        kept.forget(region);
        continue;
      }
      kept.used++;
      this.#known.add(ramPage, offset);
      const recs = new Set(code.nodes.map(({ rec }) => rec));
      this.#put(new Region(this.#code, entry, recs, code, number));
      return true;
    }
    if (regions.length === 0 || this.#unlike.delete(entry)) return false;
    this.#unlike.add(entry);
    kept.unlike++;
    records.words[entry + R.heat] = 0;
    return true;
  }

  /** A large region begins at the record: others that come there leave for it. */
  readonly #isLarge = (rec: number): boolean => (this.#live.get(rec)?.instructions ?? 0) >= LARGE;

  /** WebAssembly has no text for the x87, which is worth more there than that for the rest. */
  #isForX87({ blocks, instructions }: FlowGraph): boolean {
    if (!this.#passes['inline-x87']) return false;
    const usual = blocks.filter(({ nodes }) => !nodes.some(({ rec }) => this.#records.is(rec, INFO.UNUSUAL_X87)));
    const steps = usual.map(({ nodes }) => stepsOf(nodes.map(({ ir }) => ir)));
    return steps.reduce((sum, count) => sum + count, 0) >= instructions * X87_SHARE;
  }

  #chosen(number: number): boolean {
    return this.#only === undefined || (number >= this.#only.from && number < this.#only.to);
  }

  /** Regions that are kept. */
  get live(): number {
    return this.#live.size;
  }

  /** Marks the pages of each region as used when it was. */
  markPages(): void {
    for (const { recs, used } of this.#live.values()) {
      for (const rec of recs) {
        const page = this.#records.pageOf(rec);
        if (page.used < used) page.used = used;
      }
    }
  }

  /** Drops the regions that did not run for longest, until `characters` are left. Nothing may be running. */
  evict(characters: number): void {
    this.wantsRoom = false;
    for (const region of [...this.#live.values()].sort((a, b) => a.used - b.used)) {
      if (this.characters <= characters) break;
      this.stats.evicted++;
      this.#drop(region);
    }
  }

  /** The words of stale records are about to be used for others. */
  #forget(): void {
    const isGone = (rec: number): boolean => this.#records.isStale(rec);
    for (const { code } of this.#live.values()) {
      for (let at = OWN.LINKS; at < code.own.length; at++) if (isGone(code.own[at]!)) code.own[at] = STOP;
    }
    this.#speculation.forget(isGone);
    this.#unlike.clear();
  }

  #dropped(rec: number): void {
    const regions = this.#byPage.get(this.#records.pageOf(rec).ramPage);
    if (regions === undefined) return;
    for (const region of regions) if (region.recs.has(rec)) this.#drop(region);
  }

  /** A region that runs may have been dropped meanwhile. */
  #isInPlace(region: Region): boolean {
    return this.#live.get(region.entry) === region;
  }

  /**
   * Counts accesses that were answered but not aligned; `offset` in the RAM buffer is negative for a TLB miss. Where one
   * instruction strays others mostly do, and each would hide the next until the region is made again.
   */
  #strays(region: Region, { alignment }: RegionNode, offset: number): void {
    if (offset < 0 || (offset & (alignment - 1)) === 0) return;
    if (++region.strayed !== STRAYED || !this.#isInPlace(region)) return;
    for (const rec of region.recs) this.#records.mark(rec, INFO.UNALIGNED);
    this.#remake(region);
  }

  /** Counts how often the x87 was not as text of a region wants it: then its helpers do better. */
  #meetsUnusualX87(region: Region): void {
    if (++region.unusual !== STRAYED || !this.#isInPlace(region)) return;
    for (const rec of region.recs) this.#records.mark(rec, INFO.UNUSUAL_X87);
    this.#remake(region);
  }

  /** What was learned is in the next region at once: its entry is as hot as it was. */
  #remake(region: Region, grown = false): void {
    const { entry } = region;
    const { words } = this.#records;
    const heat = words[entry + R.heat]!;
    this.#drop(region);
    words[entry + R.heat] = heat;
    this.promote(entry, grown);
  }

  #grow(region: Region): void {
    if (this.#isInPlace(region)) this.#remake(region, true);
  }

  /** Its code is for other addresses: another one is made when it has been entered as often as known entries are. */
  #movedApart(region: Region): void {
    const { entry, recs } = region;
    for (const rec of recs) this.#records.mark(rec, INFO.MOVED_APART);
    this.#drop(region);
    this.#records.words[entry + R.heat] = Math.max(0, this.hotAt(entry) - KNOWN_AFTER);
  }

  #moved({ tables, low, high }: Move): void {
    const records = this.#records;
    const { words } = records;
    const met = new Set<Region>();
    for (const { ramPage } of tables) for (const region of this.#byPage.get(ramPage) ?? []) met.add(region);
    for (const region of met) {
      const { code, entry, pages } = region;
      if (!pages.some((page) => tables.has(page))) continue;
      if (code.moveTo === undefined) this.#movedApart(region);
      else if (tables.has(records.pageOf(entry))) {
        region.moved = sum(...region.moved, low, high);
        code.moveTo({ low: words[entry + R.ip]!, high: records.ipHigh(entry) });
      }
    }
  }

  #drop(region: Region): void {
    this.stats.dropped++;
    this.#live.delete(region.entry);
    this.characters -= region.code.characters;
    const { entry } = region;
    const records = this.#records;
    // A dropped entry runs as stale already.
    if (!records.isStale(entry)) records.restore(entry);
    records.words[entry + R.heat] = 0;
    this.#remove(region);
    for (const { ramPage } of region.pages) this.#byPage.get(ramPage)?.delete(region);
  }

  #remove({ number, code }: Region): void {
    code.remove();
    this.#records.functions.remove(number);
  }

  /** Makes room for a region that does not assume what was too often wrong. */
  #giveUp(region: Region): void {
    if (!this.#isInPlace(region)) return;
    this.#speculation.learn(region.entry, region.failures);
    this.#remake(region);
  }
}

/** Where a record's first byte lies in RAM. */
function placeOf(records: Records, record: number): [ramPage: number, offset: number] {
  const { ramPage, codeBase } = records.pageOf(record);
  return [ramPage, (records.words[record + R.ip]! + codeBase) & 0xfff];
}

const hex = (word: number): string => (word >>> 0).toString(16);
