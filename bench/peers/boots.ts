import { median, spread } from '../../src/bench/statistics.ts';
import { findGuest, GUEST_ARCHITECTURES } from '../../src/host/pull/pull-debian.ts';
import type { BootJob, Engine } from './engines.ts';
import type { Arch } from './kernel-table.ts';
import type { BootReport } from './rounds.ts';

/** Boots to the shell of one guest on one engine. */
export interface BootCell {
  readonly guest: string;
  readonly engine: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** How far the farthest real time is from the median, as a share of it. */
  readonly spread: number;
  readonly instructions?: number;
  readonly rss?: number;
  readonly gap?: string;
}

/** Debian's kernels to the shell: the cloud kernel of amd64 and the 686 one, on every engine in turn. */
export async function measureBoots(
  engines: readonly Engine[],
  arches: readonly Arch[],
  repeats: number,
  progress: (text: string) => void,
): Promise<BootCell[]> {
  const cells: BootCell[] = [];
  for (const arch of GUEST_ARCHITECTURES.filter((name) => arches.includes(name))) {
    const title = `debian-${arch}`;
    const guest = await findGuest('debian', { arch });
    const gap = guest === undefined ? `no such guest: emu pull debian --arch=${arch}` : undefined;
    const reports = new Map(engines.map((engine) => [engine, [] as BootReport[]]));
    for (let repeat = 0; repeat < repeats && guest !== undefined; repeat++) {
      for (let k = 0; k < engines.length; k++) {
        const engine = engines[(k + repeat) % engines.length]!;
        if (engine.boot === undefined || engine.gap(arch) !== undefined) continue;
        progress(`${title}: ${engine.name}, ${repeat + 1} of ${repeats}`);
        const job: BootJob = { arch, kernel: guest.kernel, initrd: guest.initrd };
        reports.get(engine)!.push(await engine.boot(job));
      }
    }
    for (const [engine, seen] of reports) cells.push(cellOf(title, engine, seen, gap ?? engine.gap(arch)));
  }
  return cells;
}

function cellOf(guest: string, engine: Engine, seen: readonly BootReport[], missing: string | undefined): BootCell {
  const gap =
    missing ??
    seen.find(({ failure }) => failure !== undefined)?.failure ??
    (seen.length === 0 ? 'nothing to boot' : undefined);
  const walls = seen.map(({ wallMs }) => wallMs);
  const { instructions } = seen.at(-1) ?? {};
  const resident = seen.map(({ rss }) => rss ?? 0);
  return {
    guest,
    engine: engine.name,
    wallMs: gap === undefined ? median(walls) : Number.NaN,
    cpuMs: gap === undefined ? median(seen.map(({ cpuMs }) => cpuMs)) : Number.NaN,
    spread: gap === undefined ? spread(walls) : Number.NaN,
    ...(instructions === undefined ? {} : { instructions }),
    ...(Math.max(0, ...resident) === 0 ? {} : { rss: Math.max(...resident) }),
    ...(gap === undefined ? {} : { gap }),
  };
}

export function bootTable(cells: readonly BootCell[]): string {
  return cells
    .map(({ guest, engine, wallMs, cpuMs, spread: share, instructions, rss, gap }) => {
      const title = `${guest.padEnd(13)} ${engine.padEnd(7)}`;
      if (gap !== undefined) return `${title} - ${gap}\n`;
      const qemu = cells.find((other) => other.guest === guest && other.engine === 'qemu');
      const ratio = qemu === undefined || qemu.engine === engine ? '' : `, ${(wallMs / qemu.wallMs).toFixed(1)}x QEMU`;
      const counted = instructions === undefined ? '' : `, ${(instructions / 1e6).toFixed(0)} Minstr`;
      const memory = rss === undefined ? '' : `, ${(rss / 2 ** 20).toFixed(0)} MiB resident at most`;
      const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
      return `${title} ${seconds(wallMs)}${share === 0 ? '' : ` ±${(share * 100).toFixed(0)}%`}, CPU ${seconds(cpuMs)}${ratio}${counted}${memory}\n`;
    })
    .join('');
}
