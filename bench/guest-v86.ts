/* Runs one guest image on v86 and prints what was measured as JSON: node guest-v86.js IMAGE COMMAND-LINE */
import { readFileSync, writeSync } from 'node:fs';
import { V86 } from 'v86';
import { type GuestReport, now, RoundReader } from './peers/rounds.ts';
import { imageOf, WASM } from './peers/v86-files.ts';

const [image, append] = process.argv.slice(2) as [string, string];
const emulator = new V86({
  wasm_path: WASM,
  multiboot: imageOf(readFileSync(image)),
  cmdline: append,
  memory_size: 64 * 2 ** 20,
  vga_memory_size: 2 * 2 ** 20,
  autostart: true,
});
const reader = new RoundReader(now);
emulator.add_listener('serial0-output-byte', (byte: number) => {
  reader.byte(byte);
  if (!reader.over) return;
  const report: GuestReport = {
    rounds: reader.rounds,
    rss: process.resourceUsage().maxRSS * 1024,
    ...(reader.failure === undefined ? {} : { failure: reader.failure }),
  };
  writeSync(process.stdout.fd, `${JSON.stringify(report)}\n`);
  process.exit(0);
});
