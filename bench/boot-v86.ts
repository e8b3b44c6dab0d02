/* Boots a Linux guest on v86 to its shell, prints what it took as JSON: node boot-v86.js KERNEL INITRD */
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { V86 } from 'v86';
import { type BootReport, now, watchForShell } from './peers/rounds.ts';
import { imageOf, SEABIOS, WASM } from './peers/v86-files.ts';

const [kernel, initrd] = process.argv.slice(2) as [string, string];
const file = (path: string) => imageOf(readFileSync(path));
const emulator = new V86({
  wasm_path: WASM,
  bios: file(join(SEABIOS, 'bios.bin')),
  vga_bios: file(join(SEABIOS, 'vgabios-stdvga.bin')),
  bzimage: file(kernel),
  initrd: file(initrd),
  cmdline: 'console=ttyS0',
  memory_size: 512 * 2 ** 20,
  vga_memory_size: 8 * 2 ** 20,
  autostart: true,
});
emulator.add_listener(
  'serial0-output-byte',
  watchForShell(() => {
    const { wall, cpu } = now();
    const report: BootReport = { wallMs: wall, cpuMs: cpu, rss: process.resourceUsage().maxRSS * 1024 };
    writeSync(process.stdout.fd, `${JSON.stringify(report)}\n`);
    process.exit(0);
  }),
);
