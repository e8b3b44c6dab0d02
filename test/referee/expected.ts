import type { Difference } from './compare.ts';
import type { RefereeCase } from './generate.ts';
import { type Image, NO_RESULT } from './image.ts';
import type { World } from './layout.ts';

/** What a silicon is: how the cases got to a processor, and whose processor it is. */
export type Trait = 'kvm' | 'pvm' | 'process' | 'amd' | 'intel';

/** A difference between silicon and us that is right to be there. */
export interface Expected {
  readonly rows: RegExp;
  /** On silicon with all of these traits. */
  readonly on?: readonly Trait[];
  /** Names of what may differ. */
  readonly names: RegExp;
  readonly when?: (one: RefereeCase, want: Image, got: Image) => boolean;
  /** Why it differs, with the place in the manual. */
  readonly reason: string;
  /** Too rare to be looked for. */
  readonly rare?: true;
}

const [DB, UD, SS, GP, PF, AC] = [1, 6, 12, 13, 14, 17] as const;
const ANY = /./;
const is = (image: Image, ...vectors: number[]): boolean => vectors.includes(image.vector);
const isOpenShift = ({ row, operandSize, code, before }: RefereeCase): boolean => {
  const count = row.operands[2] === 'Ib' ? code.at(-1)! : Number(before.gpr(1) & 255n);
  return operandSize === 2 && (count & 31) > 16;
};
const hasPrefix = ({ code }: RefereeCase, byte: number): boolean => code.subarray(0, -1).includes(byte);
const hasAlignmentCheck = ({ before }: RefereeCase): boolean => (before.rflags & 0x40000) !== 0;
const MULTIPLE =
  /^(F?XSAVE|F?XRSTOR|FN?SAVE|FRSTOR|FLDENV|FNSTENV|IRET|RETF|ENTER|BOUND|PUSHA|POPA|L[DEFGS]S$|MASKMOV|CALL|JMP|CMPXCHG8B|S[GI]DT|CMPS|MOVS)/;

/** The last bytes of a segment of 4 GiB. */
const isAtEnd = ({ segments }: World, linear: bigint): boolean =>
  segments.some(({ base, limit }) => limit === 0xffffffff && BigInt.asUintN(32, linear - base) >= 0xffff_0000n);

/** Differences that are expected; each is looked for, and one that is gone is an error. */
export const EXPECTED: readonly Expected[] = [
  {
    rows: ANY,
    names: ANY,
    on: ['pvm'],
    when: (_one, want, got) => is(want, UD) && is(got, GP, SS, AC),
    reason: 'this KVM emulates an instruction that raised #GP, #SS or #AC, and calls what it cannot emulate #UD',
  },
  {
    rows: ANY,
    names: /^(exception|cr2)$/,
    on: ['pvm'],
    when: (_one, want, got) => is(got, PF) && got.cr2 >> 63n === 1n && is(want, PF, UD),
    reason: "the upper half of the addresses holds this KVM's own kernel: error codes are those of its pages",
  },
  {
    rows: ANY,
    names: /^exception$/,
    on: ['pvm'],
    when: (one, want, got) => hasPrefix(one, 0x36) && is(want, SS) && is(got, GP),
    reason: 'the emulation of this KVM obeys the segment override 36h in 64-bit mode (SDM 1 3.3.7.1: it is ignored)',
  },
  {
    rows: /^(IN|OUT|INS|OUTS)$/,
    names: ANY,
    on: ['pvm'],
    reason: 'this KVM lets ring 3 reach ports without permission (SDM 1 19.5.2)',
  },
  {
    rows: /^INT$/,
    names: ANY,
    on: ['pvm'],
    reason: 'this KVM does not deliver INT n from ring 3 as the IDT says',
  },
  {
    rows: /^(SYSCALL|SYSENTER|SYSEXIT|SYSRETD)/,
    names: ANY,
    on: ['pvm'],
    reason: 'this KVM takes system calls as its own',
  },
  {
    rows: /^(S[GI]DT|SLDT|STR|SMSW|VERR|VERW|LAR|LSL)$/,
    names: ANY,
    on: ['pvm'],
    reason: "ring 3 sees the descriptor tables and CR0 of this KVM's own, not the guest's",
  },
  {
    rows: /^(MOV|POP|PUSH|L[DEFGS]S|RETF|IRET|CALL|JMP)$/,
    names: ANY,
    on: ['pvm'],
    when: ({ row }) =>
      row.operands.some((code) => /^(Sw|[DEFGCS]S|Mp|Ep)$/.test(code)) || /^(RETF|IRET)$/.test(row.mnemonic),
    reason: "ring 3 loads segments from this KVM's own descriptor table, and it keeps no account of them",
  },
  {
    rows: /^XGETBV$/,
    names: /^(r0|r2|exception|rip)$/,
    reason: 'XCR0 is that of the host: it has more than x87 and SSE',
  },
  {
    rows: /^SH[LR]D$/,
    names: /^(r\d+|rflags|\[)/,
    when: isOpenShift,
    reason: 'a count above the operand size leaves result and flags undefined (SDM 2B, SHLD)',
  },
  {
    rows: ANY,
    names: /^(fsw|ftw|st\d|cr2)$/,
    on: ['amd'],
    when: ({ row, before }, want) =>
      (row.options.unit === 'mmx' || /^CVT.*PI/.test(row.mnemonic)) && want.rip === before.rip,
    reason: 'AMD enters the MMX state even when the instruction raises an exception',
  },
  {
    rows: /^(J|CALL$|RET$|LOOP)/,
    names: ANY,
    on: ['amd'],
    when: (one) => one.world.code === 64 && hasPrefix(one, 0x66),
    reason:
      'AMD obeys 66h before near branches in 64-bit mode (APM 3 1.2.3), Intel does not (SDM 2A 2.2.1.2): we follow Intel',
  },
  {
    rows: /^CALL$/,
    names: ANY,
    on: ['amd'],
    when: (_one, want, got) => is(want, PF, AC, SS) && is(got, GP),
    reason: 'AMD pushes before it looks at the target; the SDM looks at the target first (SDM 2A, CALL)',
  },
  {
    rows: /^(RETF|IRET)$/,
    names: ANY,
    when: (_one, want, got) => is(want, PF) && is(got, GP),
    reason: 'whether a far return reads the whole frame before it looks at the code segment is not architectural',
  },
  {
    rows: /^(CMPS|MOVS)$/,
    names: ANY,
    when: (_one, want, got) => is(want, PF, GP) && is(got, PF, GP) && want.vector !== got.vector,
    reason: 'which of two operands in memory faults first is not architectural',
  },
  {
    rows: MULTIPLE,
    names: /^(cr2|exception|fsw|fcw|ftw|st\d|\[)/,
    when: (_one, want, got) => is(want, PF) && is(got, PF, GP, SS),
    reason: 'the order in which an instruction touches the parts of its operands is not architectural',
  },
  {
    rows: /^(FLD|FSTP|FBLD|FBSTP)$/,
    names: ANY,
    when: ({ row }, want, got) => row.operands.includes('Mt') && is(want, PF) && is(got, GP, SS),
    reason: 'ten bytes are eight and two: the first ones may meet a page fault before the last ones meet the limit',
    rare: true,
  },
  {
    rows: /^POPA$/,
    names: /^r\d+$/,
    on: ['amd'],
    when: (_one, want) => is(want, PF),
    reason: 'AMD has loaded some registers when POPA meets a page fault; doing it again gives the same',
  },
  {
    rows: ANY,
    names: /^exception$/,
    when: ({ row, before }, want, got) =>
      (row.options.unit === 'sse' || /^F?X(SAVE|RSTOR)/.test(row.mnemonic)) &&
      is(want, SS, GP) &&
      is(got, SS, GP) &&
      want.rip === before.rip,
    reason: 'which of a misaligned and a non-canonical address is found first is not architectural',
  },
  {
    rows: /^MASKMOV/,
    names: ANY,
    when: ({ before }, want) => is(want, PF, AC) || (is(want, GP) && want.rip === before.rip),
    reason: 'faults of bytes that the mask leaves out depend on the implementation (SDM 2B, MASKMOVDQU)',
  },
  {
    rows: ANY,
    names: ANY,
    when: (one, want, got) => hasAlignmentCheck(one) && is(want, AC, PF, GP, SS) && is(got, AC, PF, GP, SS),
    reason:
      'which of #AC, #PF and #GP comes first, and which microcoded accesses are checked, depends on the implementation (SDM 3A table 6-2)',
  },
  {
    rows: ANY,
    names: ANY,
    on: ['process'],
    when: ({ world }, want, got) => is(want, GP, SS) && is(got, PF) && isAtEnd(world, got.cr2),
    reason: 'an access that wraps at 4 GiB in a segment of 4 GiB may fault or not (SDM 3A 5.3)',
    rare: true,
  },
  {
    rows: /^F?X(SAVE|RSTOR)/,
    names: ANY,
    on: ['pvm'],
    when: (_one, _want, got) => is(got, GP),
    reason: 'this KVM emulates FXSAVE and FXRSTOR that raised #GP, without looking at alignment and reserved bits',
  },
  {
    rows: /^(INS|OUTS)$/,
    names: /^rip$/,
    on: ['amd', 'process'],
    when: ({ before }, want) => is(want, GP) && (before.gpr(1) & 0xffffn) === 0n,
    reason: 'AMD asks for permission before it finds that a repeat count is 0',
  },
  {
    rows: ANY,
    names: ANY,
    on: ['amd'],
    when: (one, want, got) => hasPrefix(one, 0xf0) && is(got, UD) && !is(want, UD) && one.code.includes(0x0f),
    reason: 'AMD does not look at LOCK before fences, hints and the rest of their groups (APM 3 1.2.5 wants #UD)',
  },
  {
    rows: /^LOOPN?E$/,
    names: ANY,
    on: ['amd'],
    when: (one) => hasPrefix(one, 0xf2) || hasPrefix(one, 0xf3),
    reason: 'AMD takes the condition of LOOPcc from a repeat prefix, whose use there is reserved (SDM 2A 2.1.1)',
  },
  {
    rows: /^INT1$/,
    names: /^rip$/,
    on: ['amd'],
    when: (_one, want) => is(want, DB),
    reason: 'this host reports INT1 at the instruction, not behind it (SDM 3B 17.3.1.4)',
  },
  {
    rows: ANY,
    names: ANY,
    when: (_one, want) => is(want, NO_RESULT),
    on: ['pvm'],
    reason: 'KVM could not run the instruction',
    rare: true,
  },
];

/** The entry that explains what differs. */
export function explain(
  one: RefereeCase,
  want: Image,
  got: Image,
  found: readonly Difference[],
  traits: ReadonlySet<Trait>,
): Expected | undefined {
  return EXPECTED.find(
    ({ rows, names, on = [], when }) =>
      rows.test(one.row.mnemonic) &&
      on.every((trait) => traits.has(trait)) &&
      found.every(({ name }) => names.test(name)) &&
      when?.(one, want, got) !== false,
  );
}
