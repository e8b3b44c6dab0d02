/**
 * What hot code costs by its amount: programs of 1,000, 10,000 and 100,000 distinct loops, one behind the other, each
 * promoted once. Usage: npx tsx bench/growth.ts [passes of each loop] [32 or 64, the code's bits]
 */
import { MicroCpu } from './micro/cpu.ts';

const PASSES = Number(process.argv[2] ?? 300);
const WIDTH = process.argv[3] === '64' ? 64 : 32;
const HOT = 100;
/** MOV ECX,passes; loop: ADD EBX,ECX; DEC ECX; JNZ loop. */
const BLOCK = [0xb9, PASSES & 255, (PASSES >> 8) & 255, 0, 0, 0x01, 0xcb, 0xff, 0xc9, 0x75, 0xfa];

process.stdout.write(
  `Loops of ${PASSES} passes in ${WIDTH}-bit code, hot after ${HOT}; microseconds a loop, and of these making its region.\n`,
);
for (const loops of [1_000, 10_000, 100_000]) {
  const cpu = new MicroCpu('jit', WIDTH, { jit: { hot: HOT } });
  const code = new Uint8Array(BLOCK.length * loops + 1);
  for (let n = 0; n < loops; n++) code.set(BLOCK, BLOCK.length * n);
  code[BLOCK.length * loops] = 0xf4; // HLT
  const entry = cpu.place(code);
  const started = performance.now();
  cpu.runFrom(entry);
  const { made, evicted, compileMs } = cpu.vcpu.regions!.stats;
  const each = (ms: number): string => ((ms * 1000) / loops).toFixed(0).padStart(6);
  process.stdout.write(
    `${String(loops).padStart(7)} loops: ${each(performance.now() - started)} us, making ${each(compileMs)} us; ` +
      `${made} regions made, ${evicted} evicted; ` +
      `${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MB resident\n`,
  );
}
