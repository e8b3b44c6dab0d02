import type { KeptRegions } from '../accel/tcg/kept/kept-regions.ts';
import { W } from '../cpu/state.ts';
import type { ProfileEntry } from '../host/cpu-profile.ts';
import { residentBytes } from '../host/memory-use.ts';
import type { Machine } from '../machine/machine.ts';

const share = (part: number, whole: number): string => (whole <= 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`);
const kilo = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
const mega = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** The text of `info jit`. */
export function describeJit({ tcg, layout }: Machine): string {
  const { regions, code, forms, mmu } = tcg;
  const lines: string[] = [];
  if (regions === undefined) lines.push('no emitted code in this tier');
  else {
    const { stats } = regions;
    const hot = regions.hot(tcg.state.words[W.mode]!);
    const { made, refused, dropped, evicted } = stats;
    lines.push(
      `regions: ${regions.live} of ${made} made, ${dropped - evicted} dropped, ${evicted} evicted, ${refused} refused, after ${hot} entries; ` +
        `${stats.instructions} instructions, ${(stats.compileMs / 1000).toFixed(3)} s`,
      `made as JavaScript: ${stats.JavaScript.made}, ${kilo(stats.JavaScript.length)} of text; ` +
        `as WebAssembly: ${stats.WebAssembly.made}, ${kilo(stats.WebAssembly.length)} of code`,
      `instructions: ${stats.ran} in regions (${share(stats.ran, tcg.instructions)}), ${tcg.instructions - stats.ran} interpreted`,
      `exits: ${stats.exits} to known addresses (${share(stats.exits - stats.lookups, stats.exits)} linked), ` +
        `${stats.indirect} indirect, ${stats.misses} for one interpreted instruction, ${stats.faults} faults`,
      ...(regions.kept === undefined ? [] : [keptLine(regions.kept)]),
      `high halves: ${stats.guards} guards failed, ${stats.unsuited} entries with others`,
    );
  }
  const { walks, splits, devices, codeWrites } = mmu.misses;
  lines.push(
    `interpreter: ${code.records} records of ${code.predecoder.blocks} decoded blocks, ${code.invalidated} invalidated, ` +
      `${forms.count} forms, with ${forms.kept?.loaded ?? 0} of earlier starts known; ` +
      `given to other addresses ${code.moving.moves} times`,
    `TLB misses: ${walks} walks, ${splits} across pages, ${devices} devices, ${codeWrites} writes to pages with code`,
    `resident memory: ${mega(residentBytes())}, of which the guest's RAM may be ${mega(layout.ramSize)}`,
  );
  return lines.join('\n');
}

const keptLine = ({ loaded, used, unlike, added }: KeptRegions): string =>
  `kept: ${loaded} regions of earlier starts, ${used} times used, ${unlike} times not (other code); ${added} added`;

/** What a function of the profile belongs to. */
function tierOf({ name, url }: ProfileEntry): string {
  if (url.startsWith('emu:')) return url.slice('emu:'.length);
  if (name === '(garbage collector)') return 'garbage collection';
  if (name === '(idle)') return 'idle';
  if (name === '(program)') return 'V8 and system';
  if (/accel\/tcg\/jit|cpu\/(ir|semantics|translate)/.test(url)) return 'making regions';
  if (/accel\/tcg|\/mmu\/|\/memory\/|\/cpu\//.test(url)) return 'look-ups, decoding, helpers';
  if (/\/devices\/|\/bus\//.test(url)) return 'devices';
  return 'the rest';
}

/** Time by tier, then the functions that took most of it. */
export function describeProfile(profile: readonly ProfileEntry[], most: number): string {
  const total = profile.reduce((sum, { ms }) => sum + ms, 0);
  const tiers = new Map<string, number>();
  for (const entry of profile) tiers.set(tierOf(entry), (tiers.get(tierOf(entry)) ?? 0) + entry.ms);
  const row = (ms: number, what: string): string => `${share(ms, total).padStart(7)}  ${what}`;
  return [
    ...[...tiers].sort((a, b) => b[1] - a[1]).map(([tier, ms]) => row(ms, tier)),
    '',
    ...profile.slice(0, most).map((entry) => row(entry.ms, `${entry.name || '(no name)'}, ${tierOf(entry)}`)),
  ].join('\n');
}
