import { RSP } from '../../src/cpu/state.ts';
import { AT, IMAGE_BYTES } from './image.ts';
import {
  BASE,
  CODE_32,
  CODE_64,
  CURRENT,
  codeAt,
  DATA,
  INPUT,
  OUTPUT,
  SLOTS,
  STUB_BYTES,
  STUBS,
  WINDOWS,
  type World,
} from './layout.ts';

const le = (value: number, bytes = 4): number[] => Array.from({ length: bytes }, (_, n) => (value >>> (8 * n)) & 0xff);

const HALF = STUB_BYTES / 2;
const HLT = 0xf4;
const CLD = 0xfc;
/** Address of the program that loads a slot's state and goes to its instruction; SLOTS: of the end. */
export const loaderAt = (slot: number): number => BASE + STUBS + STUB_BYTES * slot;
/** Address of the program that stores the state and goes on to the next slot. */
const storerAt = (slot: number): number => loaderAt(slot) + HALF;

/**
 * Ring-3 programs around the slots, so that many cases run without leaving the guest. They are 64-bit code in each
 * world: a far jump leads to an instruction in compatibility mode, another one back.
 */
export function buildStubs(world: World, u8: Uint8Array, view: DataView): void {
  const put = (address: number, code: number[]): void => {
    if (code.length > HALF) throw new Error('a stub is too long');
    u8.set(code, address - BASE);
  };
  for (let slot = 0; slot < SLOTS; slot++) {
    put(loaderAt(slot), loader(world, slot));
    put(storerAt(slot), storer(slot));
    view.setUint32(pointerAt(slot) - BASE, BASE + codeAt(slot), true);
    view.setUint16(pointerAt(slot) - BASE + 4, CODE_32, true);
  }
  put(loaderAt(SLOTS), [...setCurrent(SLOTS), HLT]);
}

/** Far pointer to a slot's instruction. */
const pointerAt = (slot: number): number => BASE + CURRENT + 16 + 8 * slot;

const jump = (at: number, to: number): number[] => [0xe9, ...le(to - at - 5)];

/** From behind an instruction at `at` to the storer of its slot; no flag and no register changes. */
export const leave = ({ code }: World, at: number, slot: number): number[] =>
  code === 64 ? jump(at, storerAt(slot)) : [0xea, ...le(storerAt(slot)), ...le(CODE_64, 2)];

function loader({ code: width }: World, slot: number): number[] {
  const input = BASE + INPUT + IMAGE_BYTES * slot;
  const code = [
    CLD,
    ...setCurrent(slot),
    ...copies((data) => [input + AT.data + data.offset, data.at]),
    ...absolute([], [0x0f, 0xae], 1, input),
    ...stack(input + AT.rflags),
    0x9d,
    ...REGISTERS.filter((reg) => reg !== RSP).flatMap((reg) => move(0x8b, reg, input)),
    ...move(0x8b, RSP, input),
  ];
  if (width === 32) return [...code, ...absolute([], [0xff], 5, pointerAt(slot))];
  return [...code, ...jump(loaderAt(slot) + code.length, BASE + codeAt(slot))];
}

function storer(slot: number): number[] {
  const output = BASE + OUTPUT + IMAGE_BYTES * slot;
  const code = [
    ...REGISTERS.flatMap((reg) => move(0x89, reg, output)),
    ...stack(output + AT.rflags + 8),
    0x9c,
    // Flags that would disturb what follows are taken away.
    ...[0x6a, 2, 0x9d],
    ...absolute([], [0x0f, 0xae], 0, output),
    ...copies((data) => [data.at, output + AT.data + data.offset]),
  ];
  return [...code, ...jump(storerAt(slot) + code.length, loaderAt(slot + 1))];
}

const REGISTERS = Array.from({ length: 16 }, (_, n) => n);

/** An instruction with a memory operand at an address. */
const absolute = (rex: number[], opcode: number[], reg: number, address: number): number[] => [
  ...[...rex, ...opcode, ((reg & 7) << 3) | 4, 0x25],
  ...le(address),
];
const setCurrent = (slot: number): number[] => [...absolute([], [0xc7], 0, BASE + CURRENT), ...le(slot)];
const move = (opcode: number, reg: number, image: number): number[] =>
  absolute([0x48 | (reg >= 8 ? 4 : 0)], [opcode], reg, image + AT.gpr + 8 * reg);
const stack = (address: number): number[] => [0xbc, ...le(address)];

/** REP MOVSD of each window, from and to where `places` says. */
function copies(
  places: (data: { readonly at: number; readonly offset: number }) => readonly [number, number],
): number[] {
  let offset = 0;
  return WINDOWS.flatMap(({ at, bytes }) => {
    const [from, to] = places({ at: BASE + DATA + at, offset });
    offset += bytes;
    return [0xbe, ...le(from), 0xbf, ...le(to), 0xb9, ...le(bytes / 4), 0xf3, 0xa5];
  });
}
