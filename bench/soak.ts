/**
 * Memory of the process while a Debian guest works: a line of JSON every ten seconds, MB beyond what is resident of the
 * guest's RAM.
 * Usage: npx tsx bench/soak.ts [amd64|i386] [minutes]
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keepHeapTrimmed } from '../src/cli/heap-trim.ts';
import { tuneEngine } from '../src/host/tune-engine.ts';
import { createMachine, findGuest, type GuestArch } from '../src/index.ts';

const PAGE = 4096;
/** Bit 63 of an entry of pagemap, in its last byte. */
const PRESENT = 0x80;

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
/** Resident bytes of the guest's RAM, with which the smallest mapping that it fits into begins (proc(5): maps, pagemap). */
function residentRam(): number {
  const { ramSize } = machine.layout;
  const starts = [...readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) /gm)]
    .map(([, from, to]) => [Number.parseInt(from!, 16), Number.parseInt(to!, 16)] as const)
    .filter(([from, to]) => to - from >= ramSize)
    .sort(([a, b], [c, d]) => b - a - (d - c));
  if (starts[0] === undefined) throw new Error("no mapping is as large as the guest's RAM");
  const entries = Buffer.alloc((ramSize / PAGE) * 8);
  const file = openSync('/proc/self/pagemap', 'r');
  readSync(file, entries, 0, entries.length, (starts[0][0] / PAGE) * 8);
  closeSync(file);
  let resident = 0;
  for (let at = 7; at < entries.length; at += 8) if ((entries[at]! & PRESENT) !== 0) resident += PAGE;
  return resident;
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
