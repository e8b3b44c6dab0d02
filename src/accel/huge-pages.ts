import type { UseAdvice } from '../memory/arena.ts';
import { loadLibc, MADV_HUGEPAGE } from './kvm/ffi.ts';

/**
 * Has the host give memory in pages of 2 MiB where it does so when asked, as Linux does (madvise(2)): a page that a guest
 * touches for the first time costs the host some microseconds, and a boot touches tens of thousands (docs/adr/0031).
 *
 * @returns undefined where the C library cannot be called
 */
export async function loadHugePages(): Promise<UseAdvice | undefined> {
  try {
    const libc = await loadLibc();
    // A host without such pages says so, and gives others.
    return (bytes) => void libc.madvise(bytes, MADV_HUGEPAGE);
  } catch {
    return undefined;
  }
}
