import { findGuest, type GuestName } from '../host/pull/pull-debian.ts';
import type { MachineOptions } from '../machine/create-machine.ts';
import type { BootSettings } from './boot-settings.ts';
import { UsageError } from './usage-error.ts';

const DEFAULT_MEMORY: Readonly<Record<GuestName, string>> = { debian: '256M', 'debian-installer': '1G' };

/** The files and the memory of the guest that the settings name. @throws UsageError */
export async function guestOptions(settings: BootSettings): Promise<MachineOptions> {
  const { guest, arch, kernel, initrd, bios, append, memory } = settings;
  if (guest === undefined) return { kernel, initrd, firmware: bios, append, memory };
  const pulled = await findGuest(guest, { arch });
  if (pulled === undefined) {
    const option = arch === 'amd64' ? '' : ` --arch ${arch}`;
    throw new UsageError(`the guest ${guest} (${arch}) is not there yet: run emu pull ${guest}${option} first`);
  }
  return {
    kernel: pulled.kernel,
    initrd: pulled.initrd,
    append: ['console=ttyS0', append ?? ''].join(' ').trim(),
    memory: memory ?? DEFAULT_MEMORY[guest],
  };
}
