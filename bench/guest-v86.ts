/* Runs one guest image on v86 and prints what was measured as JSON: node guest-v86.js IMAGE COMMAND-LINE */
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { V86 } from 'v86';
import { type GuestReport, RoundReader } from './peers/rounds.ts';

const [image, append] = process.argv.slice(2) as [string, string];
const bytes = readFileSync(image);
const emulator = new V86({
  wasm_path: createRequire(import.meta.url)
    .resolve('v86')
    .replace('libv86.mjs', 'v86.wasm'),
  multiboot: { buffer: new Uint8Array(bytes).buffer },
  cmdline: append,
  memory_size: 64 * 2 ** 20,
  vga_memory_size: 2 * 2 ** 20,
  autostart: true,
});
const reader = new RoundReader(() => performance.now());
emulator.add_listener('serial0-output-byte', (byte: number) => {
  reader.byte(byte);
  if (!reader.done && reader.failure === undefined) return;
  const report: GuestReport = {
    rounds: reader.rounds,
    rss: process.resourceUsage().maxRSS * 1024,
    ...(reader.failure === undefined ? {} : { failure: reader.failure }),
  };
  writeSync(process.stdout.fd, `${JSON.stringify(report)}\n`);
  process.exit(0);
});
