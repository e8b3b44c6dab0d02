import { W } from '../../../cpu/state.ts';
import type { CodeCache } from '../code-cache.ts';
import { sum } from '../code-table.ts';
import type { Environment } from '../environment.ts';
import { R } from '../record.ts';
import { EXIT, generationWord, OWN, type RegionNode } from './emitter.ts';
import { flagKeepers } from './flag-state.ts';
import type { Region } from './region.ts';
import { COUNT, type JitStats } from './stats.ts';

/** Who knows the regions, and makes others in their place. */
export interface RegionOwner {
  /** By the number of its function. */
  at(number: number): Region;
  /** Entries by jumps after which the block that begins at a record is promoted. */
  hotAt(record: number): number;
  promote(record: number): void;
  /** Its entry is so hot that a larger one is to take its place. */
  grow(region: Region): void;
  /** It was left at a node for an access at an offset in RAM, which is negative for a TLB miss. */
  strays(region: Region, node: RegionNode, offset: number): void;
  /** It was left because the x87 was not as usual. */
  meetsUnusualX87(region: Region): void;
  /** What it assumes was too often wrong. */
  giveUp(region: Region): void;
  /** Its pages do not lie as they did when it was made. */
  movedApart(region: Region): void;
}

/** What regions call when they are entered and left: enters it among the names of emitted code. `linked`: exits remember. */
export function connectRegions(
  { names, arena }: Environment,
  w: Int32Array,
  code: CodeCache,
  stats: JitStats,
  linked: boolean,
  regions: RegionOwner,
): void {
  const records = code.store;
  const c = records.words;
  const setRip = ({ rec, refund }: Pick<RegionNode, 'rec' | 'refund'>): void => {
    w[W.rip] = c[rec + R.ip]!;
    w[W.rip + 1] = records.ipHigh(rec);
    w[W.budget]! += refund;
    code.ripIsExact = true;
  };
  // Whose record is running when a region is left for another one, is not known outside.
  const runAlone = (rec: number): number => {
    try {
      return records.runAlone(rec);
    } catch (thrown) {
      // Else the fault is that of the instruction it jumps to.
      if (!code.ripIsExact) setRip({ rec, refund: c[rec + R.left]! });
      throw thrown;
    }
  };
  // A region writes the budget that it begins with into the first word.
  const entered = arena.takeWords(1);
  Object.assign(names, { entered, counts: stats.counts, epoch: code.epochWord });
  // -1: the region may run.
  names.recheck = (number: number, i: number): number => {
    const region = regions.at(number);
    for (const page of region.pages) if (!page.live && !code.revive(page)) return runAlone(i);
    for (const rec of region.spans) if (!code.spans.isWhole(rec)) return runAlone(i);
    if (!region.isWhole(code.moving.moves)) {
      regions.movedApart(region);
      return i;
    }
    region.code.own[OWN.CHECKED] = w[generationWord(records.pageOf(region.entry).mode)]!;
    return -1;
  };
  names.grow = (number: number, i: number): number => {
    regions.grow(regions.at(number));
    return i;
  };
  const { counts } = stats;
  const count = (): void => {
    counts[COUNT.ran] += (entered[0]! - w[W.budget]!) | 0;
  };
  Object.assign(names, flagKeepers(w));
  names.faultAt = (number: number, node: number): void => {
    setRip(regions.at(number).nodes[node]!);
    count();
    stats.faults++;
  };
  const retry = (region: Region, node: number, exit: number, offset: number, giveUp = false): number => {
    stats.misses++;
    setRip(region.nodes[node]!);
    count();
    if (giveUp) regions.giveUp(region);
    else if (exit === EXIT.UNUSUAL) regions.meetsUnusualX87(region);
    else regions.strays(region, region.nodes[node]!, offset);
    const rec = code.lookup(w[W.rip]!, w[W.rip + 1]!);
    code.ripIsExact = false;
    w[W.budget]! -= c[rec + R.left]!;
    return runAlone(rec);
  };
  const jumpTo = names.jumpTo as (low: number, high: number) => number;
  const stop = names.stop as (rec: number) => number;
  const leave = (region: Region, exit: number): number => {
    const { own, exits } = region.code;
    const link = own[OWN.LINKS + exit]!;
    if (records.isLive(link)) {
      if ((w[W.budget]! -= c[link + R.left]!) >= w[W.budgetEnd]!) {
        if (++c[link + R.heat]! === regions.hotAt(link)) regions.promote(link);
        return link;
      }
      return stop(link);
    }
    const known = exits[exit]!;
    const [low, high] = sum(known.low, known.high, ...region.moved);
    w[W.rip] = low;
    w[W.rip + 1] = high;
    const target = code.lookup(low, high);
    stats.lookups++;
    if (linked) {
      own[OWN.LINKS + exit] = target;
      const page = records.pageOf(target);
      code.moving.join(region.nearest(page), page);
    }
    return jumpTo(low, high);
  };
  names.finish = (number: number, x: number, node: number, low: number, high: number): number => {
    const region = regions.at(number);
    region.code.own[OWN.USED] = code.epoch;
    if (x === EXIT.MISS || x === EXIT.UNUSUAL) return retry(region, node, x, low);
    if (x === EXIT.WARM) return region.entry;
    if (x === EXIT.GUARD) {
      stats.guards++;
      return retry(region, node, x, -1, region.failures.at(region.nodes[node]!.rec));
    }
    if (x === EXIT.UNSUITED) {
      stats.unsuited++;
      if (region.failures.atEntry(w)) regions.giveUp(region);
      w[W.budget]! -= c[region.entry + R.left]!;
      return runAlone(region.entry);
    }
    count();
    if (x >= 0) {
      counts[COUNT.exits]++;
      return leave(region, x);
    }
    counts[COUNT.indirect]++;
    return jumpTo(low, high);
  };
}
