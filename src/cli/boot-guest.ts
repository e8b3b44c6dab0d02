import { DEFAULT_GUEST, readInput } from '../host/files.ts';
import { findGuest } from '../host/pull/pull-debian.ts';
import type { MachineConfig } from '../machine/machine.ts';
import type { BootSettings } from './boot-settings.ts';
import { UsageError } from './usage-error.ts';

const DEFAULT_MEMORY = 256 * 2 ** 20;
const INSTALLER_MEMORY = 1024 * 2 ** 20;
const ROM_UNIT = 64 * 1024;
const ROM_MOST = 16 * 2 ** 20;

type GuestConfig = Pick<MachineConfig, 'kernel' | 'initrd' | 'append' | 'firmware' | 'memory'>;

/** Reads the files of the guest that the settings name. @throws UsageError, FileError */
export async function loadGuest(settings: BootSettings): Promise<GuestConfig> {
  const { guest, kernel, bios, initrd, append } = settings;
  const memory = settings.memory ?? (guest === 'debian-installer' ? INSTALLER_MEMORY : DEFAULT_MEMORY);
  if (guest !== undefined) return { memory, ...(await namedGuest(guest, settings)) };
  if (kernel === undefined) return { memory, firmware: await readRom(bios ?? DEFAULT_GUEST) };
  return {
    memory,
    kernel: await readInput(kernel, 'kernel'),
    ...(initrd === undefined ? {} : { initrd: await readInput(initrd, 'initrd') }),
    append: append ?? '',
  };
}

async function namedGuest(guest: NonNullable<BootSettings['guest']>, { arch, append }: BootSettings) {
  const pulled = await findGuest(guest, { arch });
  if (pulled === undefined) {
    const option = arch === 'amd64' ? '' : ` --arch ${arch}`;
    throw new UsageError(`the guest ${guest} (${arch}) is not there yet: run emu pull ${guest}${option} first`);
  }
  return {
    kernel: await readInput(pulled.kernel, 'kernel'),
    initrd: await readInput(pulled.initrd, 'initrd'),
    append: ['console=ttyS0', append ?? ''].join(' ').trim(),
  };
}

async function readRom(path: string): Promise<Uint8Array> {
  const bytes = await readInput(path, 'ROM image');
  if (bytes.length % ROM_UNIT !== 0 || bytes.length > ROM_MOST) {
    throw new UsageError(
      `the ROM image ${path} has ${bytes.length} bytes: a ROM is a multiple of 65536 bytes, at most 16 MB; a kernel goes to --kernel`,
    );
  }
  return bytes;
}
