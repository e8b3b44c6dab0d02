import type { AcceleratorName, HandoverTimes } from '../accel/handover.ts';
import type { KvmCounts } from '../accel/kvm/core.ts';

/** A move in one line. */
export const describeHandover = (name: AcceleratorName, { stop, move }: HandoverTimes): string =>
  `the guest runs under ${name}: stopped in ${stop.toFixed(1)} ms, moved in ${move.toFixed(1)} ms`;

/** What a CPU did under KVM, in two lines. */
export function describeCounts(counts: Readonly<KvmCounts>): string[] {
  const { runs, io, mmio, halts, windows, injected, failures, interpreted, lent, dropped } = counts;
  return [
    `kvm: ${runs} entries, ${io} port and ${mmio} MMIO exits, ${halts} halts, ${injected} interrupts (${windows} windows), ${dropped} times all mappings dropped`,
    `kvm: the interpreter ran ${interpreted} instructions in its place; ${failures} emulation failures, ${lent} longer loans`,
  ];
}
