/**
 * The CPU kernels of bench/kernels on emu, QEMU, v86 and the host, side by side.
 *
 *   npx tsx bench/run-kernels.ts --quick --only jit,interp
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { GUEST_ARCHITECTURES } from '../src/host/pull/pull-debian.ts';
import { bootTable, measureBoots } from './peers/boots.ts';
import { buildEmu, buildGuest } from './peers/build.ts';
import { type Engine, emu, kvmGap, native, qemu, v86, warm } from './peers/engines.ts';
import { type Arch, kernelsFor } from './peers/kernel-table.ts';
import { measureKernel, type Row } from './peers/measure.ts';
import { table } from './peers/report.ts';
import { measureWork, type WorkRow, workTable } from './peers/work.ts';

const ARCHES: readonly Arch[] = ['i386', 'amd64', 'amd64-high'];
const ENGINES = 'jit,warm,interp,kvm,qemu,qemu-kvm,v86,native';

const list = (text: string): string[] => text.split(',').filter(Boolean);

function settings() {
  const values = yargs(hideBin(process.argv))
    .scriptName('bench:peers')
    .usage('Usage: npm run bench:peers -- [options]')
    .options({
      quick: { type: 'boolean', default: false, describe: '1 process per engine and kernel, a quarter of the work' },
      only: {
        type: 'string',
        default: ENGINES,
        describe:
          'engines; emu means jit,interp; js is jit with JavaScript for 64-bit code too; warm, for boots alone, is a second start',
      },
      arch: { type: 'string', default: 'i386,amd64', describe: `of ${ARCHES.join(',')}` },
      filter: { type: 'string', default: '', describe: 'kernels whose name matches' },
      repeats: { type: 'number', defaultDescription: '3, quick 1', describe: 'processes per engine and kernel' },
      rounds: { type: 'number', default: 3, describe: 'rounds per process, the first is the cold one' },
      scale: { type: 'number', defaultDescription: '1, quick 0.25', describe: 'share of the work per round' },
      clock: { choices: ['wall', 'cpu'] as const, default: 'wall' as const, describe: 'cpu: of all threads' },
      boot: { type: 'boolean', default: false, describe: 'boots of Debian to the shell instead of the kernels' },
      work: { type: 'boolean', default: false, describe: 'programs inside Debian instead of the kernels' },
      baseline: { type: 'string', describe: 'also emitted code of this commit, as engine "base"' },
      'node-options': { type: 'string', default: '', describe: 'of Node for emu: =--cpu-prof,--other' },
      json: { type: 'string', describe: 'write all figures to this file' },
    })
    .strict()
    .version(false)
    .parseSync();
  const { quick, repeats = quick ? 1 : 3, scale = quick ? 0.25 : 1, rounds } = values;
  const arches = list(values.arch) as Arch[];
  for (const arch of arches)
    if (!ARCHES.includes(arch)) throw new Error(`--arch takes ${ARCHES.join(', ')}, not ${arch}`);
  for (const [name, value] of Object.entries({ repeats, rounds }))
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a number from 1 on, not ${value}`);
  if (!(scale > 0 && scale <= 100)) throw new Error(`--scale takes a number above 0, up to 100, not ${scale}`);
  return {
    ...values,
    repeats,
    scale,
    arches,
    only: list(values.only)
      .flatMap((name) => (name === 'emu' ? ['jit', 'interp'] : [name]))
      .filter((name) => name !== 'warm' || values.boot),
    filter: new RegExp(values.filter),
    nodeOptions: list(values.nodeOptions),
  };
}

async function enginesOf(
  only: readonly string[],
  baseline: string | undefined,
  nodeOptions: readonly string[],
): Promise<Engine[]> {
  const noKvm = await kvmGap();
  const build = buildEmu();
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const known: Record<string, () => Engine> = {
    native,
    qemu: () => qemu('qemu', 'tcg'),
    'qemu-kvm': () => qemu('qemu-kvm', 'kvm', noKvm),
    v86: () => v86(build),
    kvm: () => emu('kvm', build, 'kvm', commit, nodeOptions, noKvm),
    jit: () => emu('jit', build, 'jit', commit, nodeOptions),
    warm: () => warm(build, commit, nodeOptions),
    js: () => emu('js', build, 'js', commit, nodeOptions),
    interp: () => emu('interp', build, 'interp', commit, nodeOptions),
  };
  for (const name of only) {
    if (known[name] === undefined)
      throw new Error(`--only takes ${Object.keys(known).join(', ')} and emu, not ${name}`);
  }
  const engines = Object.keys(known)
    .filter((name) => only.includes(name))
    .map((name) => known[name]!());
  if (baseline !== undefined) engines.push(emu('base', buildEmu(baseline), 'jit', baseline, nodeOptions));
  return engines;
}

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

async function main(): Promise<void> {
  const options = settings();
  const { repeats, rounds, scale, clock } = options;
  const asked = await enginesOf(options.only, options.baseline, options.nodeOptions);
  const engines = asked.filter((engine) => options.arches.some((arch) => engine.gap(arch) === undefined));
  const host = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    node: process.version,
    date: new Date().toISOString(),
  };
  const versions = Object.fromEntries(engines.map(({ name, version }) => [name, version]));
  const load = loadavg()[0]!;
  process.stdout.write(
    `${host.cpu}, ${host.cores} cores, load ${load.toFixed(1)}; Node ${host.node}; ` +
      `${engines.map(({ name, version }) => `${name} ${version}`.trim()).join(', ')}; ${host.date}\n`,
  );
  for (const engine of asked.filter((other) => !engines.includes(other))) {
    process.stdout.write(`- ${engine.name} is left out: ${engine.gap(options.arches[0]!)}\n`);
  }
  const figures = options.boot
    ? { boots: await boots(engines, options.arches, repeats) }
    : options.work
      ? { work: await work(engines, options) }
      : { rows: await kernels(engines, options), rounds, scale, clock };
  if (options.json === undefined) return;
  writeFileSync(options.json, `${JSON.stringify({ host, load, versions, repeats, ...figures }, null, 1)}\n`);
}

async function boots(engines: readonly Engine[], arches: readonly Arch[], repeats: number) {
  const cells = await measureBoots(engines, arches, repeats, progress);
  progress('');
  process.stdout.write(`\nBoot to the shell, median of ${repeats}:\n${bootTable(cells)}`);
  return cells;
}

async function work(engines: readonly Engine[], { arches, filter, repeats, rounds }: ReturnType<typeof settings>) {
  const all: Record<string, WorkRow[]> = {};
  for (const arch of GUEST_ARCHITECTURES.filter((name) => arches.includes(name))) {
    const rows = await measureWork(engines, arch, filter, repeats, rounds, progress);
    progress('');
    process.stdout.write(`\nPrograms inside debian-${arch}, milliseconds, rounds 2-${rounds}:\n${workTable(rows)}\n`);
    all[arch] = rows;
  }
  return all;
}

async function kernels(engines: readonly Engine[], options: ReturnType<typeof settings>): Promise<Row[]> {
  const { arches, filter, repeats, rounds, scale, clock } = options;
  process.stdout.write(
    `Millions of guest instructions a second${clock === 'cpu' ? ' of CPU time' : ''}: median of ${repeats} processes, ` +
      `rounds 2-${rounds}; cold is round 1 of each.\n`,
  );
  const rows: Row[] = [];
  for (const arch of arches) {
    const guest = buildGuest(arch);
    const some: Row[] = [];
    for (const kernel of kernelsFor(arch).filter(({ name }) => filter.test(name))) {
      some.push(await measureKernel({ arch, guest, kernel, engines, repeats, rounds, scale, clock }, progress));
    }
    progress('');
    const names = engines.map(({ name }) => name);
    process.stdout.write(`\n${arch}\n${table(some, names)}`);
    rows.push(...some);
  }
  return rows;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
