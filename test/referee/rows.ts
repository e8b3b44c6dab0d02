import type { Row } from '../../src/cpu/isa/row.ts';
import type { World } from './layout.ts';

/** Rows that no run compares, and why. */
const EXCLUDED: readonly { readonly name: RegExp; readonly world?: 32 | 64; readonly reason: string }[] = [
  { name: /^RDTSCP?$/, reason: 'the time differs' },
  { name: /^RDPMC$/, reason: 'the counts differ' },
  { name: /^CPUID$/, reason: 'on a host without VT-x or AMD-V the guest sees the host processor' },
  { name: /^(INT|SYSCALL|SYSENTER)$/, world: 32, reason: 'in a process these call the host system' },
  {
    name: /^(S[GIL]DT|SMSW|STR|LAR|LSL|VERR|VERW)$/,
    world: 32,
    reason: 'a process sees what the host system shows it',
  },
];

/** Why a row is not compared in a world; undefined: it is. */
export const excluded = (row: Row, world: World): string | undefined =>
  EXCLUDED.find(({ name, world: only }) => name.test(row.mnemonic) && (only === undefined || only === world.code))
    ?.reason;
