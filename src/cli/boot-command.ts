import { loadGuest } from './boot-guest.ts';
import { BootSession } from './boot-session.ts';
import type { BootSettings } from './boot-settings.ts';

/** `emu boot`: resolves with the exit status. @throws UsageError, FileError, BootError */
export async function boot(settings: BootSettings): Promise<number> {
  const session = new BootSession(settings, await loadGuest(settings));
  return session.run();
}
