const PAGE = 4096;
const PRESENT = 1n;
const WRITABLE = 2n;
const LARGE = 0x80n;
const DIRECTORIES = 4;

/**
 * Page tables for the first 4 GiB, each address to itself, in 2 MiB pages (SDM 3A 4.5).
 * @param base where they will lie; CR3 takes the same value
 * @returns PML4, PDPT and four page directories, 24 KiB
 */
export function identityMap(base: number): Uint8Array {
  const entries = new BigUint64Array((2 + DIRECTORIES) * 512);
  const table = (index: number): bigint => BigInt(base + index * PAGE) | PRESENT | WRITABLE;
  entries[0] = table(1);
  for (let directory = 0; directory < DIRECTORIES; directory++) entries[512 + directory] = table(2 + directory);
  for (let page = 0; page < DIRECTORIES * 512; page++) {
    entries[1024 + page] = (BigInt(page) << 21n) | PRESENT | WRITABLE | LARGE;
  }
  return new Uint8Array(entries.buffer);
}
