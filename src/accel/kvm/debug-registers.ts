import type { Breakpoint, DebugCause } from '../accelerator.ts';

/** What a debugger wants of the processor's debug registers. */
export interface DebugRegisters {
  /** DR0 and so on, as many as are used. */
  readonly addresses: readonly bigint[];
  readonly dr7: number;
  /** Of each, what it means that it was met. */
  readonly causes: readonly DebugCause[];
}

const MOST = 4;
/** R/W of DR7 (SDM 3B 17.2.4). It cannot stop for reads alone. */
const KINDS = { execute: 0, write: 1, access: 3 } as const;
/** LEN of DR7, by bytes. */
const LENGTHS: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 3, 8: 2 };
/** DR7: its bit that is always set, and GE. */
const ALWAYS = 0x600;
const MET = 0xf;

/** Undefined when the processor cannot do this: too many, reads alone, or pieces of memory that are not aligned. */
export function debugRegistersFor(points: readonly Breakpoint[]): DebugRegisters | undefined {
  if (points.length > MOST) return undefined;
  let dr7 = ALWAYS;
  for (const [n, { kind, address, length }] of points.entries()) {
    if (kind === 'read') return undefined;
    const code = kind === 'execute' ? 0 : LENGTHS[length];
    if (code === undefined || (kind !== 'execute' && address % BigInt(length) !== 0n)) return undefined;
    // Global enable, R/W and LEN.
    dr7 |= (2 << (2 * n)) | ((KINDS[kind] | (code << 2)) << (16 + 4 * n));
  }
  return {
    addresses: points.map(({ address }) => address),
    dr7: dr7 >>> 0,
    causes: points.map(({ kind, address }) =>
      kind === 'execute' ? { kind: 'breakpoint' } : { kind: 'watch', address, access: kind },
    ),
  };
}

/** Which was met, by DR6; undefined when none was. */
export function causeOf({ causes }: DebugRegisters, dr6: number): DebugCause | undefined {
  const met = dr6 & MET;
  return met === 0 ? undefined : causes[31 - Math.clz32(met & -met)];
}
