/**
 * Processor time that a Debian guest takes while its shell waits for input.
 * Usage: npx tsx bench/idle.ts [amd64|i386] [seconds]
 */
import { tuneEngine } from '../src/host/tune-engine.ts';
import { createMachine, findGuest, type GuestArch } from '../src/index.ts';

tuneEngine();

const arch = (process.argv[2] ?? 'amd64') as GuestArch;
const seconds = Number(process.argv[3] ?? 10);
const guest = await findGuest('debian', { arch });
if (guest === undefined) throw new Error(`no guest in the cache: run emu pull debian --arch ${arch}`);

const machine = await createMachine({ kernel: guest.kernel, initrd: guest.initrd, append: 'console=ttyS0 quiet' });
machine.start();
await machine.console.waitFor('emu:~# ', 900_000);
// The kernel's last work after boot, and the compilers', are not idling.
await new Promise((resolve) => setTimeout(resolve, 5000));
const { instructions } = machine.vcpu;
const before = process.cpuUsage();
const started = performance.now();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const { user, system } = process.cpuUsage(before);
const elapsed = (performance.now() - started) / 1000;
const share = (user + system) / 1e6 / elapsed;
const rate = (machine.vcpu.instructions - instructions) / elapsed;
console.log(JSON.stringify({ arch, seconds: elapsed, core: share, instructionsPerSecond: Math.round(rate) }));
await machine.stop();
