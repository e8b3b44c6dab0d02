import { loadLibc } from '../accel/kvm/ffi.ts';

/** A trim takes a millisecond or two. */
const INTERVAL_MS = 10_000;
/** A short run does without the C library. */
const FIRST_MS = 1000;

/** Parameter of mallopt(3): bytes free at an arena's end from which on they go back. */
const M_TRIM_THRESHOLD = -1;
/** Left alone, glibc makes it twice the largest piece of memory that was ever freed. */
const TRIM_THRESHOLD = 2 ** 20;

/**
 * Loads glibc's `malloc_trim` and calls it once; it gives freed memory back to the host, but for the ends of the arenas of
 * threads, which go back when they are freed from now on. V8's compiler takes and frees tens of megabytes on each of its
 * threads; glibc keeps them, in an arena for each.
 *
 * @returns undefined where the C library cannot be called, or is another one
 */
export async function loadHeapTrim(): Promise<(() => void) | undefined> {
  try {
    const libc = await loadLibc();
    libc.call('mallopt', ['int', 'int'], [M_TRIM_THRESHOLD, TRIM_THRESHOLD]);
    const trim = (): void => void libc.call('malloc_trim', ['long'], [0]);
    trim();
    return trim;
  } catch {
    return undefined;
  }
}

/** Trims the heap from time to time; does not keep the process alive. */
export function keepHeapTrimmed(): void {
  setTimeout(async () => {
    const trim = await loadHeapTrim();
    if (trim !== undefined) setInterval(trim, INTERVAL_MS).unref();
  }, FIRST_MS).unref();
}
