/* Runs one guest image on emu and prints what was measured as JSON: node guest-emu.js IMAGE TIER COMMAND-LINE [INITRD],
   where TIER may be kvm or js; with INITRD the image is a Linux kernel */
import { readFileSync } from 'node:fs';
import { tuneEngine } from '../src/host/tune-engine.ts';
import { createMachine } from '../src/machine/create-machine.ts';
import { type EmuTier, optionsOf } from './peers/emu-tier.ts';
import { type GuestReport, now, RoundReader } from './peers/rounds.ts';

tuneEngine();
const [image, tier, append, initrd] = process.argv.slice(2) as [string, EmuTier, string, string?];
const machine = await createMachine({
  memory: (initrd === undefined ? 64 : 512) * 2 ** 20,
  cpu: 'max',
  ...optionsOf(tier),
  kernel: readFileSync(image),
  ...(initrd === undefined ? {} : { initrd: readFileSync(initrd) }),
  append,
  noReboot: true,
});
// KVM does not count.
const reader = new RoundReader(now, tier === 'kvm' ? undefined : () => machine.vcpu.instructions);
machine.console.onByte = (byte) => {
  reader.byte(byte);
  if (reader.over) machine.console.type('\n');
};
machine.start();
const exit = await machine.exit;
const failure = reader.failure ?? (reader.done ? undefined : `the guest ended early: ${JSON.stringify(exit)}`);
const report: GuestReport = {
  rounds: reader.rounds,
  rss: process.resourceUsage().maxRSS * 1024,
  ...(failure === undefined ? {} : { failure }),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0);
