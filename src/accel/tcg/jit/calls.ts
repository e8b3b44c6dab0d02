/**
 * Helpers that a region may call: they work on their arguments, on x87, MMX and SSE state and on nothing else
 * that a region keeps in locals, and they write no guest memory.
 */
const REGION_CALLS: ReadonlySet<string> = new Set(
  (
    'raise segmentRead segmentWrite checkAligned16 probeWrite ' +
    'div8 idiv8 div16 idiv16 div32 idiv32 div64 idiv64 rcl32 rcr32 rcl64 rcr64 ' +
    'daa das aaa aas aam pdep32 pext32 pdep64 pext64 crc32c'
  ).split(' '),
);
const REGION_PREFIXES: readonly string[] = [];

export const isRegionCall = (helper: string): boolean =>
  REGION_CALLS.has(helper) || REGION_PREFIXES.some((prefix) => helper.startsWith(prefix));
