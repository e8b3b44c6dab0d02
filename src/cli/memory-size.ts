import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const MOST = 4095 * 2 ** 20;
const LEAST = 2 * 2 ** 20;

/**
 * Bytes of RAM from `256M`, `1.5G`, `65536K`; without a suffix mebibytes, as QEMU's -m.
 * @throws UsageError for what no PC, or no buffer of Node, can have
 */
export function parseMemory(text: string): number {
  const match = /^(?:size=)?(\d{1,12}(?:\.\d{1,6})?)([KMG]?)(?:i?B)?$/i.exec(text.trim());
  if (match === null) throw new UsageError(`--memory "${text}" is no size: write 256M, 1G or 65536K`);
  const bytes = Number(match[1]) * UNITS[match[2]!.toUpperCase() || 'M']!;
  if (bytes > MOST) {
    throw new UsageError(
      `--memory ${text} is too much: guest memory is one buffer, and Node's buffers end at 4 GiB; give at most 4095M`,
    );
  }
  if (bytes < LEAST) throw new UsageError(`--memory ${text} is too little: give 2M or more (Linux needs 64M)`);
  if (bytes % 4096 !== 0) throw new UsageError(`--memory ${text} is not a multiple of 4K: give whole pages`);
  return bytes;
}
