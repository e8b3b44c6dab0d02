/**
 * Memory of the process while a Debian guest works: a line of JSON every ten seconds, MB beyond what is resident of the
 * guest's RAM.
 * Usage: npx tsx bench/soak.ts [amd64|i386] [minutes]
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepHeapTrimmed } from '../src/cli/heap-trim.ts';
import { tuneEngine } from '../src/host/tune-engine.ts';
import { createMachine, findGuest, type GuestArch } from '../src/index.ts';

tuneEngine();
keepHeapTrimmed();
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const arch = (process.argv[2] ?? 'amd64') as GuestArch;
const minutes = Number(process.argv[3] ?? 60);
const guest = await findGuest('debian', { arch });
if (guest === undefined) throw new Error(`no guest in the cache: run emu pull debian --arch ${arch}`);

/** Unlike programs, one after the other, for ever: new processes and their pages all the time. */
const WORK = [
  'n=0',
  'while true',
  'do seq 1 3000 | sort -r | sha256sum > /tmp/a',
  "awk 'BEGIN { for (i = 0; i < 30000; i++) s += i * i % 7; print s }' > /tmp/b",
  'gzip -c /bin/busybox | gunzip -c | md5sum > /tmp/c',
  'for i in 1 2 3 4 5 6 7 8 9 10; do ls -l /proc/self/fd | grep -c . ; done > /tmp/d',
  'n=$((n+1)); echo round-$n',
  'done',
].join('; ');

const machine = await createMachine({ kernel: guest.kernel, initrd: guest.initrd, append: 'console=ttyS0 quiet' });
machine.start();
await machine.console.waitFor('emu:~# ', 900_000);
machine.console.type(`${WORK.replaceAll('do;', 'do').replace('true;', 'true;')}\n`);
let rounds = 0;
let line = '';
machine.console.onByte = (byte) => {
  if (byte !== 10) line = (line + String.fromCharCode(byte)).slice(-100);
  else {
    rounds = Number(/^round-(\d+)/.exec(line)?.[1] ?? rounds);
    line = '';
  }
};
/** Resident bytes of the mapping that the guest's RAM is: the smallest one that it fits into. */
function residentRam(): number {
  const maps = readFileSync('/proc/self/smaps', 'utf8').matchAll(/^Size: +(\d+) kB[\s\S]*?^Rss: +(\d+) kB/gm);
  const fits = [...maps].map(([, size, rss]) => [Number(size) * 1024, Number(rss) * 1024] as const);
  const [smallest] = fits.filter(([size]) => size >= machine.layout.ramSize).sort(([a], [b]) => a - b);
  if (smallest === undefined) throw new Error("no mapping is as large as the guest's RAM");
  return smallest[1];
}
const mega = (bytes: number): number => Math.round(bytes / 2 ** 20);
const started = performance.now();
while (performance.now() - started < minutes * 60_000) {
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const { code, regions } = machine.tcg;
  const before = process.memoryUsage();
  collect();
  const { rss, heapUsed } = process.memoryUsage();
  console.log(
    JSON.stringify({
      seconds: Math.round((performance.now() - started) / 1000),
      rounds,
      megaInstructions: Math.round(machine.vcpu.instructions / 1e6),
      rssBeyondRam: mega(rss - residentRam()),
      heap: mega(before.heapUsed),
      heapCollected: mega(heapUsed),
      records: code.records,
      regions: regions?.live,
      made: regions?.stats.made,
      evicted: regions?.stats.evicted,
      characters: regions?.characters,
    }),
  );
}
await machine.stop();
