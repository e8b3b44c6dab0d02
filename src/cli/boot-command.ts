import { createMachine } from '../machine/create-machine.ts';
import { guestOptions } from './boot-guest.ts';
import { BootSession } from './boot-session.ts';
import type { BootSettings } from './boot-settings.ts';

/** `emu boot`: resolves with the exit status. @throws UsageError, FileError, BootError */
export async function boot(settings: BootSettings): Promise<number> {
  const session = new BootSession(settings);
  const { cpu, tier, icount, noReboot } = settings;
  const { serial, debugcon } = session;
  const options = { cpu, tier, icount, noReboot, serial, debugcon };
  return session.run(await createMachine({ ...(await guestOptions(settings)), ...options }));
}
