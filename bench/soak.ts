/**
 * Memory of the built command while a Debian guest works: a line of JSON when its shell is there, and one every ten seconds
 * from then on. Of what is resident, MB: the guest's RAM, and beyond it, of which `tables` lie behind the RAM, `files` are
 * Node and libraries, and the rest is V8's heap and code and what C++ allocated.
 * Usage: npm run build; npx tsx bench/soak.ts [amd64|i386] [minutes] [main.js of another build]
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Resident, residentOf } from './resident.ts';

const [arch = 'amd64', minutes = '60', main = join(import.meta.dirname, '..', 'dist', 'cli', 'main.js')] =
  process.argv.slice(2);
if (!existsSync(main)) throw new Error(`${main} is not there: npm run build makes it`);

const PROMPT = 'emu:~# ';
const INTERVAL_MS = 10_000;
const MEGA = 2 ** 20;
const RAM_MEGA = 256;
/** Fields of /proc/PID/stat in hundredths of a second: utime and stime (proc(5)), counted from behind the name. */
const [UTIME, STIME] = [11, 12];

/** Unlike programs, one after the other, for ever: new processes and their pages all the time. */
const WORK = [
  'n=0',
  'while true; do seq 1 3000 | sort -r | sha256sum > /tmp/a',
  "awk 'BEGIN { for (i = 0; i < 30000; i++) s += i * i % 7; print s }' > /tmp/b",
  'gzip -c /bin/busybox | gunzip -c | md5sum > /tmp/c',
  'for i in 1 2 3 4 5 6 7 8 9 10; do ls -l /proc/self/fd | grep -c . ; done > /tmp/d',
  'n=$((n+1)); echo round-$n',
  'done\n',
].join('; ');

const emu = spawn(process.execPath, [main, 'boot', 'debian', '--arch', arch, '-m', `${RAM_MEGA}M`], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
emu.on('exit', (code, signal) => {
  console.error(`emu ended: ${signal ?? code}`);
  process.exit(1);
});
const pid = emu.pid!;
const started = performance.now();
let rounds = 0;
let output = '';
const shell = new Promise<void>((resolve) => {
  emu.stdout.on('data', (bytes: Buffer) => {
    output = (output + bytes.toString('latin1')).slice(-4096);
    if (output.includes(PROMPT)) resolve();
    rounds = Number([...output.matchAll(/^round-(\d+)\r/gm)].at(-1)?.[1] ?? rounds);
  });
});

const mega = (bytes: number): number => Math.round(bytes / MEGA);

/** Seconds of processor time. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Math.round((Number(fields[UTIME]) + Number(fields[STIME])) / 100);
}

function report(): void {
  const { ram, tables, files, rest }: Resident = residentOf(pid, RAM_MEGA * MEGA);
  console.log(
    JSON.stringify({
      seconds: Math.round((performance.now() - started) / 1000),
      cpuSeconds: cpuSeconds(),
      rounds,
      ram: mega(ram),
      beyondRam: mega(tables + files + rest),
      tables: mega(tables),
      files: mega(files),
      rest: mega(rest),
    }),
  );
}

await shell;
report();
emu.stdin.write(WORK);
const end = performance.now() + Number(minutes) * 60_000;
while (performance.now() < end) {
  await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  report();
}
emu.removeAllListeners('exit');
emu.kill();
