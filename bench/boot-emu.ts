/* Boots a Linux guest on emu to its shell, prints what it took as JSON: node boot-emu.js TIER KERNEL INITRD [CACHE],
   where CACHE is a folder for emitted code that is kept */
import { readFileSync } from 'node:fs';
import { tuneEngine } from '../src/host/tune-engine.ts';
import { createMachine } from '../src/machine/create-machine.ts';
import { type EmuTier, optionsOf } from './peers/emu-tier.ts';
import { type BootReport, now, watchForShell } from './peers/rounds.ts';

tuneEngine();
const [tier, kernel, initrd, jitCache] = process.argv.slice(2) as [EmuTier, string, string, string?];
const machine = await createMachine({
  memory: 512 * 2 ** 20,
  cpu: 'max',
  ...optionsOf(tier),
  kernel: readFileSync(kernel),
  initrd: readFileSync(initrd),
  append: 'console=ttyS0',
  noReboot: true,
  ...(jitCache === undefined ? {} : { jitCache }),
});
function finish(failure?: string): void {
  const { wall, cpu } = now();
  const report: BootReport = {
    wallMs: wall,
    cpuMs: cpu,
    ...(tier === 'kvm' ? {} : { instructions: machine.vcpu.instructions }),
    rss: process.resourceUsage().maxRSS * 1024,
    ...(failure === undefined ? {} : { failure }),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
machine.console.onByte = watchForShell(() => finish());
machine.start();
const exit = await machine.exit;
finish(`the guest ended early: ${JSON.stringify(exit)}; it last printed: ${machine.console.output.slice(-200)}`);
