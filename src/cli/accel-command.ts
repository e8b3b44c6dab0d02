import { KvmError } from '../accel/kvm/kvm-error.ts';

const NAME_WIDTH = 14;

/** `emu accel`: what this host offers to run a guest's CPU; status 2 when that is tcg alone. */
export async function accel(): Promise<number> {
  process.stdout.write('tcg: works everywhere: interpreter, and hot code as JavaScript or WebAssembly\n');
  try {
    const { openKvm } = await import('../accel/kvm/system.ts');
    const { describeKvm } = await import('../accel/kvm/describe.ts');
    const system = await openKvm();
    try {
      const lines = describeKvm(system).map(([name, text]) => `  ${name.padEnd(NAME_WIDTH)}${text}\n`);
      process.stdout.write(`kvm: usable\n${lines.join('')}`);
    } finally {
      system.close();
    }
    return 0;
  } catch (error) {
    if (!(error instanceof KvmError)) throw error;
    process.stdout.write(`kvm: not usable: ${error.message}\n`);
    return 2;
  }
}
