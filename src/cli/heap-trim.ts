import { loadLibc } from '../accel/kvm/ffi.ts';

/** A trim takes a millisecond or two. */
const INTERVAL_MS = 10_000;

/**
 * Loads glibc's `malloc_trim` and calls it once; it gives freed memory back to the host. V8's compiler takes and frees tens of
 * megabytes on each of its threads; glibc keeps them, in an arena for each.
 *
 * @returns undefined where the C library cannot be called, or is another one
 */
export async function loadHeapTrim(): Promise<(() => void) | undefined> {
  try {
    const libc = await loadLibc();
    const trim = (): void => void libc.call('malloc_trim', ['long'], [0]);
    trim();
    return trim;
  } catch {
    return undefined;
  }
}

/** Trims the heap from time to time; does not keep the process alive. */
export function keepHeapTrimmed(): void {
  let trim: (() => void) | undefined;
  const timer = setInterval(async () => {
    if (trim !== undefined) return trim();
    trim = await loadHeapTrim();
    if (trim === undefined) clearInterval(timer);
  }, INTERVAL_MS);
  timer.unref();
}
