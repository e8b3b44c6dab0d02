import { PREFIX, PREFIX_KIND_64 } from '../../cpu/prefixes.ts';

/** Longest instruction (SDM 2A 2.3.11). */
const LONGEST = 15;
/** PUSHF, POPF, INT3, INT n, IRET, INS and OUTS, IN and OUT, INT1. */
const ALWAYS: ReadonlySet<number> = new Set([
  0x9c, 0x9d, 0xcc, 0xcd, 0xcf, 0x6c, 0x6d, 0x6e, 0x6f, 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef, 0xf1,
]);
/** String instructions: with REP the trap comes after each iteration. */
const STRINGS: ReadonlySet<number> = new Set([0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf]);
/** SYSCALL, SYSENTER, RDTSC, CPUID, and RDTSCP (0F 01 F9) with its neighbours: a way out, or another answer. */
const TWO_BYTE: ReadonlySet<number> = new Set([0x01, 0x05, 0x31, 0x34, 0xa2]);

/**
 * Whether 64-bit code of ring 3 does something else when it is stepped by RFLAGS.TF than when it runs: it stores the
 * flags, leaves ring 3, or is trapped more than once.
 * @param byteAt the byte of the instruction at an offset; -1 when there is none
 */
export function seesTrapFlag(byteAt: (offset: number) => number): boolean {
  let repeats = false;
  for (let at = 0; at < LONGEST; at++) {
    const byte = byteAt(at);
    if (byte < 0) return true;
    if (PREFIX_KIND_64[byte] !== PREFIX.NONE) {
      if (byte === 0xf2 || byte === 0xf3) repeats = true;
      continue;
    }
    if (byte === 0x0f) return TWO_BYTE.has(byteAt(at + 1));
    return ALWAYS.has(byte) || (repeats && STRINGS.has(byte));
  }
  return true;
}
