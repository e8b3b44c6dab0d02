/**
 * What hot code costs by its amount: programs of 1,000, 10,000 and 100,000 distinct loops, one behind the other, each
 * promoted once; a process for each program.
 * Usage: npx tsx bench/growth.ts [passes of each loop] [32 or 64, the code's bits] [one amount of loops]
 */
import { spawnSync } from 'node:child_process';
import { residentBytes } from '../src/host/memory-use.ts';
import { tuneEngine } from '../src/host/tune-engine.ts';
import { MicroCpu } from './micro/cpu.ts';

const [passes = '300', width = '32', amount] = process.argv.slice(2);
const PASSES = Number(passes);
const WIDTH = width === '64' ? 64 : 32;
const HOT = 100;
/** MOV ECX,passes; loop: ADD EBX,ECX; DEC ECX; JNZ loop. */
const BLOCK = [0xb9, PASSES & 255, (PASSES >> 8) & 255, 0, 0, 0x01, 0xcb, 0xff, 0xc9, 0x75, 0xfa];

function measure(loops: number): void {
  tuneEngine();
  const cpu = new MicroCpu('jit', WIDTH, { jit: { hot: HOT } });
  const code = new Uint8Array(BLOCK.length * loops + 1);
  for (let n = 0; n < loops; n++) code.set(BLOCK, BLOCK.length * n);
  code[BLOCK.length * loops] = 0xf4; // HLT
  const entry = cpu.place(code);
  const before = residentBytes();
  const started = performance.now();
  cpu.runFrom(entry);
  const { made, evicted, compileMs } = cpu.vcpu.regions!.stats;
  const each = (ms: number): string => ((ms * 1000) / loops).toFixed(0).padStart(6);
  process.stdout.write(
    `${String(loops).padStart(7)} loops: ${each(performance.now() - started)} us, making ${each(compileMs)} us; ` +
      `${made} regions made, ${evicted} evicted; ` +
      `${((residentBytes() - before) / 2 ** 20).toFixed(0)} MB more resident\n`,
  );
}

if (amount !== undefined) measure(Number(amount));
else {
  process.stdout.write(
    `Loops of ${PASSES} passes in ${WIDTH}-bit code, hot after ${HOT}; microseconds a loop, and of these making its region.\n`,
  );
  for (const loops of ['1000', '10000', '100000']) {
    const words = [...process.execArgv, import.meta.filename, passes, width, loops];
    const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
    if (status !== 0) process.exit(1);
  }
}
