/** What runs for one predecoded instruction: takes its record, returns the record to run next, or STOP. */
export type Handler = (i: number) => number;

/**
 * Words of a record. A record is named by the index of its first word in the arena (records.ts). Register words are
 * offsets in state words. Words that an instruction does not use are 0.
 */
export const R = {
  /** What runs: the number of its function (functions.ts) above the number of its arm in the interpreter's loop. */
  code: 0,
  /** The record behind this one; 0 behind a terminal until it is first needed. */
  next: 1,
  /** Instructions from here to the end of the block, this one included. */
  left: 2,
  /** Registers of the first three operands; of a memory operand its base. */
  ra: 3,
  rb: 4,
  rc: 5,
  /** An immediate, or where a jump goes. */
  imm: 6,
  disp: 7,
  index: 8,
  /** Last target of a jump, good while its page is live. */
  link: 9,
  /** Times the block that begins here was entered by a jump. */
  heat: 10,
  /** Low half of the instruction pointer. */
  ip: 11,
  /** Number of the table that it belongs to. */
  page: 12,
  /** Number of the instruction's own function, and what INFO says. */
  info: 13,
  immHigh: 14,
  dispHigh: 15,
} as const;

/**
 * Words of a record: a cache line. An index is a multiple of it: `i | R.ra` is the same as `i + R.ra`, and cheaper in
 * emitted code.
 */
export const RECORD = 16;

/** Index 0 is no record; as what a handler returns it ends the run. */
export const STOP = 0;
/** A record that makes a region run nothing but its beginning and its end: R.imm is the exit. */
export const WARM = 1 * RECORD;

/** Where the function's number begins in R.code and R.info; the number of an arm lies below in R.code. */
export const NUMBER_SHIFT = 15;
export const ARM_MASK = (1 << NUMBER_SHIFT) - 1;
/** The arm of glue in every loop. */
export const GLUE_ARM = 1;

/** Low bits of R.info. */
export const INFO = {
  /** Bytes of the instruction. */
  LENGTH: 15,
  /** log2 of an index's factor. */
  SCALE_SHIFT: 4,
  SCALE: 0x30,
  /** The instruction ends its block. */
  ENDS: 0x40,
  /** A breakpoint of the debugger is on it. */
  STOPS: 0x80,
  /** A region with it accessed memory at addresses that are no multiples of the operand's size. */
  UNALIGNED: 0x100,
  /** It is no instruction: the block goes on elsewhere, at R.imm. */
  GLUE: 0x200,
  /** As many targets of an indirect jump were noted as are kept. */
  TARGETS_FULL: 0x400,
  /** A region with it met an x87 whose control word or stack was not the usual one. */
  UNUSUAL_X87: 0x800,
  /** R.imm and R.immHigh are an address that was given relative to the instruction. */
  RELATIVE_IMM: 0x1000,
  /** So are R.disp and R.dispHigh. */
  RELATIVE_DISP: 0x2000,
  /** A region with it had pages that moved apart. */
  MOVED_APART: 0x4000,
} as const;

/** Bytes of the longest instruction. */
export const LONGEST = 15;
