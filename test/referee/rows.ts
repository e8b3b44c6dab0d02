import type { Row } from '../../src/cpu/isa/row.ts';
import type { World } from './layout.ts';

/** Rows that load segments or CS. */
const LOADS = /^(MOV Sw,|POP [DEFGS]S$|L[DEFGS]S |CALL (Ap|Ep)|JMP (Ap|Ep)|RETF|IRET)/;

/** Rows that no run compares, and why. */
const EXCLUDED: readonly { readonly name: RegExp; readonly worlds?: readonly number[]; readonly reason: string }[] = [
  { name: /^RDTSCP?$/, reason: 'the time differs' },
  { name: /^RDPMC$/, reason: 'the counts differ' },
  { name: /^CPUID$/, reason: 'on a host without VT-x or AMD-V the guest sees the host processor' },
  { name: /^(INT|SYSCALL|SYSENTER)$/, worlds: [16, 32], reason: 'in a process these call the host system' },
  {
    name: /^(S[GIL]DT|SMSW|STR|LAR|LSL|VERR|VERW)$/,
    worlds: [16, 32],
    reason: 'a process sees what the host system shows it',
  },
  { name: LOADS, worlds: [16], reason: "the local descriptors are the host process's own" },
];

/** Why a row is not compared in a world; undefined: it is. */
export const excluded = (row: Row, world: World): string | undefined =>
  EXCLUDED.find(
    ({ name, worlds = [world.code] }) =>
      worlds.includes(world.code) && (name.test(row.mnemonic) || name.test(`${row.mnemonic} ${row.operands}`)),
  )?.reason;
