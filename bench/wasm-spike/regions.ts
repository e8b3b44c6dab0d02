import {
  binary,
  block,
  branch,
  branchIf,
  type Code,
  extend,
  get,
  i32,
  i64,
  load32,
  load64,
  loop,
  moduleOf,
  set,
  store32,
  store64,
  wrap,
} from './assemble.ts';

/** The memory that a region sees: registers and budget, TLB tables of 2^20 entries, RAM; byte offsets. */
export const LAYOUT = {
  registers: 0,
  budget: 16 * 8,
  readXor: 1 << 20,
  readHigh: (1 << 20) + (1 << 22),
  writeXor: (1 << 20) + (2 << 22),
  writeHigh: (1 << 20) + (3 << 22),
  ram: (1 << 20) + (4 << 22),
} as const;

const [RAX, RCX, RDX, RBX, RSI, RDI, R8, R9, R10, R11] = [0, 1, 2, 3, 6, 7, 8, 9, 10, 11];
/** Locals behind the sixteen registers. */
const [T0, T1, T2, LOW, HIGH] = [16, 17, 18, 19, 20];
const I64_LOCALS = 21;
const [BUDGET, PLACE, REASON] = [I64_LOCALS, I64_LOCALS + 1, I64_LOCALS + 2];

/** What a region returns. */
export const EXIT = { done: 0, budget: 1, miss: 2 } as const;

const add = (a: Code, b: Code): Code => binary('i64.add', a, b);
const xor = (a: Code, b: Code): Code => binary('i64.xor', a, b);
const shr = (a: Code, n: bigint): Code => binary('i64.shr_u', a, i64(n));

/** PLACE: where an address in LOW lies in RAM; leaves when the TLB has no answer or the address is not aligned. */
function lookUp(address: Code, xorTable: number, highTable: number, depth: number): Code {
  const entry = binary('i32.shl', binary('i32.shr_u', wrap(get(LOW)), i32(12)), i32(2));
  return [
    set(LOW, address),
    set(PLACE, binary('i32.xor', load32(entry, xorTable), wrap(get(LOW)))),
    set(REASON, i32(EXIT.miss)),
    branchIf(
      binary(
        'i32.or',
        binary('i32.and', get(PLACE), i32(0x80000007)),
        binary('i32.xor', load32(entry, highTable), wrap(shr(get(LOW), 32n))),
      ),
      depth,
    ),
  ];
}
const load = (register: number, address: Code, depth: number): Code => [
  lookUp(address, LAYOUT.readXor, LAYOUT.readHigh, depth),
  set(register, load64(get(PLACE), LAYOUT.ram)),
];
const store = (address: Code, value: Code, depth: number): Code => [
  lookUp(address, LAYOUT.writeXor, LAYOUT.writeHigh, depth),
  store64(get(PLACE), value, LAYOUT.ram),
];

/** What a loop of `length` instructions does at its end; leaves by depth 1. Calls are slices: `least` is where one ends. */
const goOn = (again: Code, least: number): Code => [
  set(REASON, i32(EXIT.done)),
  branchIf([again, EQZ], 1),
  set(REASON, i32(EXIT.budget)),
  branchIf(binary('i32.lt_s', get(BUDGET), i32(least)), 1),
  branch(0),
];
const charge = (instructions: number): Code => set(BUDGET, binary('i32.sub', get(BUDGET), i32(instructions)));
const EQZ = 0x45;

/** Registers are locals while the region runs. */
function region(body: Code): Uint8Array<ArrayBuffer> {
  const registers = Array.from({ length: 16 }, (_, n) => n);
  return moduleOf({ i64: I64_LOCALS, i32: 3 }, [
    registers.map((n) => set(n, load64(i32(LAYOUT.registers + 8 * n), 0))),
    set(BUDGET, load32(i32(LAYOUT.budget), 0)),
    block(loop(body)),
    registers.map((n) => store64(i32(LAYOUT.registers + 8 * n), get(n), 0)),
    store32(i32(LAYOUT.budget), get(BUDGET), 0),
    get(REASON),
  ]);
}

/** hash64.c: no memory. */
export const hash64 = (): Uint8Array<ArrayBuffer> =>
  region([
    charge(13),
    set(RDX, get(RAX)),
    set(RCX, extend(binary('i32.add', wrap(get(RCX)), i32(1)))),
    set(RDX, shr(get(RDX), 12n)),
    set(RAX, xor(get(RAX), get(RDX))),
    set(RDX, binary('i64.shl', get(RAX), i64(25n))),
    set(RDX, xor(get(RDX), get(RAX))),
    set(RAX, shr(get(RDX), 27n)),
    set(RAX, xor(get(RAX), get(RDX))),
    set(RDX, binary('i64.mul', get(RAX), get(R8))),
    set(RSI, xor(get(RSI), get(RDX))),
    goOn(binary('i32.ne', wrap(get(RDI)), wrap(get(RCX))), 0),
  ]);

/** The inner loop of sum64.c: RAX walks to `end`. */
export const sum64 = (end: bigint): Uint8Array<ArrayBuffer> =>
  region([
    charge(7),
    load(RDX, get(RAX), 1),
    set(RCX, add(get(RCX), get(RDX))),
    block([branchIf([binary('i64.lt_u', get(RSI), get(RDX)), EQZ], 0), set(RSI, get(RDX))]),
    set(RAX, add(get(RAX), i64(8n))),
    goOn(binary('i64.ne', get(RAX), i64(end)), 0),
  ]);

const LOW_HALF = 0xffffffffn;
const lower = (value: Code): Code => binary('i64.and', value, i64(LOW_HALF));
const mul = (a: Code, b: Code): Code => binary('i64.mul', a, b);

/** RDX:RAX = RAX * T0: WebAssembly has no upper half of a product. */
const wideProduct: Code = [
  set(T1, mul(lower(get(RAX)), lower(get(T0)))),
  set(T2, add(mul(shr(get(RAX), 32n), lower(get(T0))), shr(get(T1), 32n))),
  set(LOW, add(mul(lower(get(RAX)), shr(get(T0), 32n)), lower(get(T2)))),
  set(HIGH, add(mul(shr(get(RAX), 32n), shr(get(T0), 32n)), add(shr(get(T2), 32n), shr(get(LOW), 32n)))),
  set(RDX, get(HIGH)),
  set(RAX, mul(get(RAX), get(T0))),
];
/** RAX += register, with the carry into RDX. */
const addWithCarry = (register: number): Code => [
  set(RAX, add(get(RAX), get(register))),
  set(RDX, add(get(RDX), extend(binary('i64.lt_u', get(RAX), get(register))))),
];

/** One round of mpi.c: R10 counts the bytes of `b`. A miss in the inner loop would leave the outer one as well. */
export const mpi = (a: bigint, b: bigint, product: bigint): Uint8Array<ArrayBuffer> => {
  const index = binary('i64.shl', get(RCX), i64(3n));
  const inner = [
    charge(14),
    set(RAX, get(RSI)),
    load(T0, add(index, i64(a)), 1),
    wideProduct,
    load(R8, add(get(RDI), index), 1),
    set(R9, i64(0n)),
    addWithCarry(R8),
    set(R11, i64(0n)),
    addWithCarry(RBX),
    store(add(get(RDI), index), get(RAX), 1),
    set(RCX, add(get(RCX), i64(1n))),
    set(RBX, get(RDX)),
    goOn(binary('i64.ne', get(RCX), i64(32n)), -0x40000000),
  ];
  return region([
    charge(12),
    load(RSI, add(get(R10), i64(b)), 1),
    set(RDI, add(get(R10), i64(product))),
    set(RCX, i64(0n)),
    set(RBX, i64(0n)),
    block(loop(inner)),
    set(RAX, get(RDX)),
    load(T0, add(get(R10), i64(product + 256n)), 1),
    store(add(get(R10), i64(product + 256n)), add(get(T0), get(RAX)), 1),
    set(R10, add(get(R10), i64(8n))),
    goOn(binary('i64.ne', get(R10), i64(256n)), 0),
  ]);
};
