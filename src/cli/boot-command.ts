import { createMachine } from '../machine/create-machine.ts';
import { watchOutput } from '../machine/watch-output.ts';
import { guestOptions } from './boot-guest.ts';
import { BootSession } from './boot-session.ts';
import type { BootSettings } from './boot-settings.ts';

/** `emu boot`: resolves with the exit status. @throws UsageError, FileError, BootError, KvmError */
export async function boot(settings: BootSettings): Promise<number> {
  const session = new BootSession(settings);
  const { cpu, tier, jit, jitCache, icount, noReboot, switchAccel } = settings;
  const { debugcon } = session;
  const serial =
    switchAccel === undefined
      ? session.serial
      : watchOutput(session.serial, switchAccel.text, () => session.switchAccelerator(switchAccel.to));
  const options = { cpu, tier, jit, jitCache, icount, noReboot, serial, debugcon, accel: settings.accel.join(':') };
  const onNote = (note: string): void => void process.stderr.write(`emu: ${note}\n`);
  return session.run(await createMachine({ ...(await guestOptions(settings)), ...options, onNote }));
}
