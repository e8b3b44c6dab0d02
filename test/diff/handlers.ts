import {
  CODE,
  HANDLERS,
  LOG,
  LOG_BYTES,
  LOG_POINTER,
  OVERLAY,
  PAGE,
  RECOVERY,
  TABLE_WINDOW,
  TABLES,
  type World,
} from './layout.ts';

export const INT_SWAP = 0x40;
export const INT_RELOAD_CR3 = 0x41;
export const INT_END = 0x42;
export const INTR_VECTOR = 0x50;
export const VECTORS = 0x51;
const STUB_BYTES = 16;
const COMMON = HANDLERS + 0x800;
const ERROR_CODES = new Set([8, 10, 11, 12, 13, 14, 17]);
const TF_AND_AC = 0x40100;

/** Page-table entry of a linear address: the last level is one page behind the ones above it. */
export const entryOf = (world: World, linear: number): number =>
  world.code === 64 ? TABLES + 4 * PAGE + 8 * (linear >> 12) : TABLES + PAGE + 4 * (linear >> 12);

/** Linear address where ring 0 writes that entry. */
const writableEntry = (world: World, linear: number): number => TABLE_WINDOW + (entryOf(world, linear) & (PAGE - 1));

export const handlerOf = (vector: number): number => HANDLERS + STUB_BYTES * vector;

const le32 = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];

/**
 * Ring-0 code for each vector, hand-assembled for 32- and 64-bit mode alike. Faults are logged and the program
 * goes on at its recovery address; #DB goes on where it was. All memory is addressed by SS, which is flat.
 */
export function handlers(world: World): Uint8Array {
  if (world.real) return realHandlers();
  const bytes = new Uint8Array(0x1000);
  const put = (at: number, ...code: number[]): void => bytes.set(code, at - HANDLERS);
  for (let vector = 0; vector < 32; vector++) {
    const at = handlerOf(vector);
    const pushes = [...(ERROR_CODES.has(vector) ? [] : [0x6a, 0]), 0x6a, vector];
    put(at, ...pushes, 0xe9, ...le32(COMMON - (at + pushes.length + 5)));
  }
  put(COMMON, ...common(world));
  put(handlerOf(INT_SWAP), 0xe9, ...le32(HANDLERS + 0xa00 - handlerOf(INT_SWAP) - 5));
  put(HANDLERS + 0xa00, ...swap(world));
  const iret = [...wide(world), 0xcf];
  put(handlerOf(INT_RELOAD_CR3), 0x50, 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8, 0x58, ...iret);
  put(handlerOf(INT_END), 0xf4, 0xeb, 0xfd);
  put(handlerOf(INTR_VECTOR), ...iret);
  return bytes;
}

const wide = ({ code }: World): number[] => (code === 64 ? [0x48] : []);

/** SS:[address] with a reg field. */
function absolute(
  { code }: World,
  opcode: readonly number[],
  reg: number,
  address: number,
  rex: number[] = [],
): number[] {
  const operand = code === 64 ? [(reg << 3) | 4, 0x25] : [(reg << 3) | 5];
  return [0x36, ...rex, ...opcode, ...operand, ...le32(address)];
}

function common(world: World): number[] {
  const size = world.code === 64 ? 8 : 4;
  const EAX = 0;
  const ECX = 1;
  const frame = (slot: number): number[] => [0x24, slot * size];
  const log = (at: number): number[] => [0x36, 0x89, 0x41, at];
  const recover = [
    ...[0x81, 0x64, ...frame(6), ...le32(~TF_AND_AC)],
    ...absolute(world, [0x8b], EAX, RECOVERY + world.offset, wide(world)),
    ...[...wide(world), 0x89, 0x44, ...frame(4)],
  ];
  // Once in 16 log entries a single-stepping program is set free.
  const free = [0x81, 0x64, ...frame(6), ...le32(~0x100)];
  const done = [0x59, 0x58, ...wide(world), 0x83, 0xc4, 2 * size, ...wide(world), 0xcf];
  const stepped = [0xf7, 0xc1, ...le32(0x1e0), 0x75, free.length, ...free, 0xeb, recover.length];
  return [
    ...[0x50, 0x51],
    ...absolute(world, [0x8b], ECX, LOG_POINTER),
    ...[0x8b, 0x44, ...frame(2), ...log(0)],
    ...[0x8b, 0x44, ...frame(3), ...log(4)],
    ...[0x8b, 0x44, ...frame(4), ...log(8)],
    ...[0x0f, 0x20, 0xd0, ...log(12)],
    ...[0x8b, 0x44, ...frame(6), ...log(16)],
    ...[0x83, 0xc1, 32],
    ...absolute(world, [0x89], ECX, LOG_POINTER),
    ...[0x81, 0xf9, ...le32(LOG + LOG_BYTES), 0x72, 3, 0xf4, 0xeb, 0xfd],
    ...[0x83, 0x7c, ...frame(2), 1, 0x75, stepped.length],
    ...stepped,
    ...recover,
    ...done,
  ];
}

/** Exchanges the frames of the overlay pages. */
function swap(world: World): number[] {
  const [first, second] = OVERLAY;
  return [
    0x50,
    ...absolute(world, [0x8b], 0, writableEntry(world, first)),
    ...absolute(world, [0x87], 0, writableEntry(world, second)),
    ...absolute(world, [0x89], 0, writableEntry(world, first)),
    ...OVERLAY.flatMap((page) => absolute(world, [0x0f, 0x01], 7, page + world.offset)),
    0x58,
    ...wide(world),
    0xcf,
  ];
}

/** The same in real-address mode: on the program's stack, without error codes, and frames stay where they are. */
function realHandlers(): Uint8Array {
  const bytes = new Uint8Array(0x1000);
  const put = (at: number, ...code: number[]): void => bytes.set(code, at - HANDLERS);
  const near = (from: number, to: number): number[] => [(to - from) & 255, ((to - from) >> 8) & 255];
  for (let vector = 0; vector < VECTORS; vector++) {
    const at = handlerOf(vector);
    if (vector < 32) put(at, 0x6a, vector, 0xe9, ...near(at + 5, COMMON));
    else put(at, 0xcf);
  }
  put(handlerOf(INT_END), 0xf4, 0xeb, 0xfd);
  put(COMMON, ...realCommon());
  return bytes;
}

/** Frame behind BP: DS BP BX AX, vector, IP, CS, FLAGS. */
function realCommon(): number[] {
  const [VECTOR, IP, CS, FLAGS] = [8, 10, 12, 14];
  const segment = (linear: number): number[] => [0xb8, (linear >> 4) & 255, linear >> 12, 0x8e, 0xd8];
  const log = (from: number, to: number): number[] => [0x8b, 0x46, from, 0x89, 0x47, to];
  const free = [0x81, 0x66, FLAGS, 0xff, 0xfe];
  const recover = [
    ...free,
    ...segment(RECOVERY),
    ...[0xa1, 0, 0, 0x89, 0x46, IP],
    ...[0xc7, 0x46, CS, (CODE >> 4) & 255, CODE >> 12],
  ];
  const stepped = [0xf7, 0xc3, 0xe0, 0x01, 0x75, free.length, ...free, 0xeb, recover.length];
  return [
    ...[0x50, 0x53, 0x55, 0x1e, 0x89, 0xe5],
    ...segment(0),
    ...[0x8b, 0x1e, LOG_POINTER & 255, LOG_POINTER >> 8],
    ...segment(LOG),
    ...[...log(VECTOR, 0), ...log(IP, 8), ...log(CS, 10), ...log(FLAGS, 16)],
    ...[0x83, 0xc3, 32],
    ...segment(0),
    ...[0x89, 0x1e, LOG_POINTER & 255, LOG_POINTER >> 8],
    ...[0x81, 0xfb, LOG_BYTES & 255, LOG_BYTES >> 8, 0x72, 3, 0xf4, 0xeb, 0xfd],
    ...[0x83, 0x7e, VECTOR, 1, 0x75, stepped.length],
    ...stepped,
    ...recover,
    ...[0x1f, 0x5d, 0x5b, 0x58, 0x83, 0xc4, 2, 0xcf],
  ];
}
