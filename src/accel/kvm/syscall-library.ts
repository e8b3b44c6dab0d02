/** The one function of the library: a short name is found sooner. */
export const FUNCTION = 'f';

const SYS_IOCTL = 16;
const PAGE = 4096;
/** Of ELF-64: the header, a program header, a symbol, an entry of the dynamic section. */
const SIZE = { header: 64, program: 56, symbol: 24, dynamic: 16 } as const;
const ET_DYN = 3;
const EM_X86_64 = 62;
const PT = { LOAD: 1, DYNAMIC: 2, GNU_STACK: 0x6474e551 } as const;
const PF = { X: 1, W: 2, R: 4 } as const;
const DT = { HASH: 4, STRTAB: 5, SYMTAB: 6, STRSZ: 10, SYMENT: 11 } as const;
const STT_FUNC = 2;
const STB_GLOBAL = 1;

/** Where things lie; file offsets are addresses. The dynamic section has a page to itself: loaders write to it. */
const AT = { programs: 64, strings: 0x200, symbols: 0x220, hash: 0x260, code: 0x280, dynamic: PAGE, end: 2 * PAGE };
const STRINGS = `\0${FUNCTION}\0`;

/**
 * ioctl(fd, request, argument) as machine code of the System V ABI. The kernel answers in EAX what the caller is to
 * get: a result, or the negated errno.
 */
export function ioctlCode(fd: number, request: number, argument: number): Uint8Array {
  const code = new Uint8Array(23);
  const view = new DataView(code.buffer);
  // MOV to EAX (number of the call), EDI, ESI and EDX (its arguments).
  const loads = [
    [0xb8, SYS_IOCTL],
    [0xbf, fd],
    [0xbe, request],
    [0xba, argument],
  ] as const;
  for (const [n, [opcode, value]] of loads.entries()) {
    view.setUint8(5 * n, opcode);
    view.setUint32(5 * n + 1, value, true);
  }
  // SYSCALL; RET.
  code.set([0x0f, 0x05, 0xc3], 20);
  return code;
}

/** A shared library (ELF-64 of x86-64) with one function, which takes no parameters. */
export function sharedLibrary(code: Uint8Array): Uint8Array {
  const image = new Uint8Array(AT.end);
  const view = new DataView(image.buffer);
  const words = (at: number, values: readonly number[]): void => {
    for (const [n, value] of values.entries()) view.setBigUint64(at + 8 * n, BigInt(value), true);
  };
  image.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, ET_DYN, true);
  view.setUint16(18, EM_X86_64, true);
  view.setUint32(20, 1, true);
  words(32, [AT.programs]);
  view.setUint16(52, SIZE.header, true);
  view.setUint16(54, SIZE.program, true);

  const dynamic = [DT.HASH, AT.hash, DT.STRTAB, AT.strings, DT.SYMTAB, AT.symbols]
    .concat([DT.STRSZ, STRINGS.length, DT.SYMENT, SIZE.symbol])
    .concat([0, 0]);
  const programs = [
    { type: PT.LOAD, flags: PF.R | PF.X, from: 0, bytes: PAGE, align: PAGE },
    { type: PT.LOAD, flags: PF.R | PF.W, from: AT.dynamic, bytes: PAGE, align: PAGE },
    { type: PT.DYNAMIC, flags: PF.R | PF.W, from: AT.dynamic, bytes: 8 * dynamic.length, align: 8 },
    // Without it the loader would make stacks executable.
    { type: PT.GNU_STACK, flags: PF.R | PF.W, from: 0, bytes: 0, align: 16 },
  ];
  view.setUint16(56, programs.length, true);
  programs.forEach(({ type, flags, from, bytes, align }, n) => {
    const at = AT.programs + n * SIZE.program;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, flags, true);
    words(at + 8, [from, from, from, bytes, bytes, align]);
  });

  image.set(Buffer.from(STRINGS, 'latin1'), AT.strings);
  // Symbol 0 is none; symbol 1: name, type, any section that is one, address and size.
  const symbol = AT.symbols + SIZE.symbol;
  view.setUint32(symbol, 1, true);
  view.setUint8(symbol + 4, (STB_GLOBAL << 4) | STT_FUNC);
  view.setUint16(symbol + 6, 1, true);
  words(symbol + 8, [AT.code, code.length]);
  // One bucket with symbol 1; a chain for each symbol, which ends at once.
  for (const [n, value] of [1, 2, 1, 0, 0].entries()) view.setUint32(AT.hash + 4 * n, value, true);
  image.set(code, AT.code);
  words(AT.dynamic, dynamic);
  return image;
}
