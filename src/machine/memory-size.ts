import { BootError } from './boot/boot-error.ts';

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const MOST = 4095 * 2 ** 20;
const LEAST = 2 * 2 ** 20;

/**
 * Bytes of RAM from `256M`, `1.5G`, `65536K`; without a suffix mebibytes, as QEMU's -m.
 * @throws BootError for what no PC, or no buffer of Node, can have
 */
export function parseMemorySize(text: string): number {
  const match = /^(?:size=)?(\d{1,12}(?:\.\d{1,6})?)([KMG]?)(?:i?B)?$/i.exec(text.trim());
  if (match === null) throw new BootError(`"${text}" is no memory size: write 256M, 1G or 65536K`);
  return checkMemorySize(Number(match[1]) * UNITS[match[2]!.toUpperCase() || 'M']!, text);
}

/**
 * @param bytes size of the RAM
 * @param text how it was given
 * @throws BootError as {@link parseMemorySize}
 */
export function checkMemorySize(bytes: number, text: string): number {
  if (bytes > MOST) {
    throw new BootError(
      `${text} of memory is too much: it is one buffer, and Node's buffers end at 4 GiB; give at most 4095M`,
    );
  }
  if (!(bytes >= LEAST)) throw new BootError(`${text} of memory is too little: give 2M or more (Linux needs 64M)`);
  if (bytes % 4096 !== 0) throw new BootError(`${text} of memory is not a multiple of 4K: give whole pages`);
  return bytes;
}
