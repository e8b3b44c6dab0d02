const LIBRARY = 'malloc';
/** A trim takes a millisecond or two. */
const INTERVAL_MS = 10_000;

/**
 * Loads glibc's `malloc_trim`, which gives freed memory back to the host. V8's compiler takes and frees tens of
 * megabytes on each of its threads; glibc keeps them, in an arena for each.
 *
 * @returns undefined where there is no ffi-rs or another C library
 */
export async function loadHeapTrim(): Promise<(() => void) | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const { open, load, DataType } = await import('ffi-rs');
    open({ library: LIBRARY, path: '' });
    const call = {
      library: LIBRARY,
      funcName: 'malloc_trim',
      retType: DataType.I32,
      paramsType: [DataType.I64],
      paramsValue: [0],
    };
    load(call);
    return () => load(call);
  } catch {
    return undefined;
  }
}

/** Trims the heap from time to time; does not keep the process alive. */
export function keepHeapTrimmed(): void {
  let trim: (() => void) | undefined;
  const timer = setInterval(async () => {
    trim ??= await loadHeapTrim();
    if (trim === undefined) clearInterval(timer);
    else trim();
  }, INTERVAL_MS);
  timer.unref();
}
