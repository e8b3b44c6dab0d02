import type { Operand } from '../../src/cpu/insn.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import type { RandomInstruction } from '../../src/cpu/random-instruction.ts';
import { CS, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from '../../src/cpu/state.ts';
import { fillVector } from '../support/vector-operands.ts';
import type { Places } from './aim.ts';
import { BASE, CODE_32, CODE_64, CODE_END, codeAt, LANDINGS, PAGE, SLOTS, USER_DATA } from './layout.ts';

/** Selectors that every system of ours and Linux give the same meaning, null ones, and one of ring 0. */
const SELECTORS = [0, USER_DATA, USER_DATA, CODE_32, CODE_64, USER_DATA - 1, 3, 0x10];

/** Instruction pointer where a near branch goes: where only HLT is, or now and then where nothing is mapped. */
export function landing(row: Row, slot: number, { random, world }: Places): number {
  const short = row.operands[0] === 'Jb';
  const base = BASE - Number(world.segments[CS]!.base);
  if (!short && random.below(12) === 0) return base + CODE_END + random.below(PAGE);
  const { from, to } = LANDINGS;
  return base + codeAt(short ? slot : random.below(SLOTS)) + from + random.below(to - from);
}

/** Registers that instructions use without naming them, with values that make the interesting things happen. */
export function arrange(row: Row, made: RandomInstruction, places: Places, slot: number): void {
  const { random, image } = places;
  const name = row.mnemonic.split('/')[0]!;
  const { addressSize } = made.prefixes;
  const pointer = (reg: number, bytes: number, reach = 0): void =>
    places.set(reg, places.pointerTo(places.offset(bytes, reach), addressSize), addressSize);
  if (random.below(24) !== 0) stack(places, RSP, name === 'ENTER' ? 270 : 100);
  if (/^(ENTER|LEAVE)/.test(name) && random.below(16) !== 0) stack(places, RBP, 270);
  if (row.operands.some((code) => /^[XY]/.test(code))) string(made, places, pointer);
  if (name === 'XLAT') pointer(RBX, 1, 300);
  if (name.startsWith('MASKMOV')) pointer(RDI, 16);
  if (/LOOP|CXZ/.test(name)) places.set(RCX, BigInt(random.below(3)), addressSize);
  if (/^X(SAVE|RSTOR)/.test(name)) {
    places.set(RAX, BigInt(random.below(4)));
    places.set(RDX, 0n);
  }
  if (name === 'XGETBV') places.set(RCX, BigInt(random.below(8) === 0 ? 5 : 0));
  if (/^I?DIV$/.test(name) && random.below(4) !== 0) divisible(name, made.operands[0]!, places);
  if (/^PCMPESTR/.test(name)) for (const reg of [RAX, RDX]) places.set(reg, BigInt(random.below(40) - 20));
  const [first] = made.operands;
  if (/^CMPXCHG$/.test(name) && random.below(2) === 0 && first?.kind === 'gpr') {
    places.set(RAX, image.gpr(first.reg as number));
  }
  bitString(row, made, places);
  if (first?.kind === 'gpr' && /^(CALL|JMP)$/.test(name)) {
    places.set(first.reg as number, BigInt(landing(row, slot, places)));
  }
  if (first?.kind === 'sreg' && name === 'MOV') {
    const from = made.operands[1]!;
    if (from.kind === 'gpr') places.set(from.reg as number, BigInt(random.pick(SELECTORS)), 2);
  }
  onStack(row, made, places, slot);
}

/** What is on the stack for returns and POP of segments. */
function onStack(row: Row, made: RandomInstruction, places: Places, slot: number): void {
  const { random } = places;
  const size = made.prefixes.operandSize;
  const put = (n: number, value: bigint): void => places.poke(places.onStack(BigInt(n * size)), value, size);
  const target = BigInt(landing(row, slot, places));
  switch (row.mnemonic) {
    case 'RET':
      put(0, target);
      break;
    case 'IRET':
    case 'RETF':
      put(0, target);
      put(1, BigInt(places.long ? CODE_64 : CODE_32));
      if (row.mnemonic === 'RETF') break;
      put(2, 0x202n | BigInt(random.word() & 0x8d5));
      put(3, places.linearOf(places.offset(8), size === 2 ? 4 : size));
      put(4, BigInt(USER_DATA));
      break;
    case 'POP':
      if (row.operands[0]!.endsWith('S')) put(0, BigInt(random.pick(SELECTORS)));
      break;
    case 'POPF':
      put(0, BigInt(random.word() & (random.below(4) !== 0 ? 0xed5 : places.long ? -1 : ~ID)));
      break;
  }
}

/** A signal's return does not set it. */
const ID = 0x200000;

/** What an instruction finds at its memory operand. */
export function arrangeMemory(row: Row, made: RandomInstruction, places: Places, address: bigint, slot: number): void {
  const { random } = places;
  const size = made.prefixes.operandSize;
  const name = row.mnemonic.split('/')[0]!;
  if (/^(CALL|JMP)$/.test(name)) {
    places.poke(address, BigInt(landing(row, slot, places)), size);
    if (row.operands[0] === 'Ep') places.poke(address + BigInt(size), BigInt(places.long ? CODE_64 : CODE_32), 2);
  }
  if (row.operands[0] === 'Sw') places.poke(address, BigInt(random.pick(SELECTORS)), 2);
  if (/^L[DEFGS]S$/.test(name)) places.poke(address + BigInt(size), BigInt(random.pick(SELECTORS)), 2);
  const mxcsr = BigInt(random.below(8) === 0 ? random.word() >>> 0 : random.below(0x10000));
  if (name === 'LDMXCSR') places.poke(address, mxcsr, 4);
  if (name === 'FXRSTOR' || name === 'XRSTOR') places.poke(address + 24n, mxcsr, 4);
  if (name === 'XRSTOR' || name === 'XSAVE') {
    for (let n = 1; n < 8; n++) places.poke(address + 512n + BigInt(8 * n), 0n, 8);
    places.poke(address + 512n, BigInt(random.below(4)), 8);
  }
  if (name === 'FLDENV' || name === 'FRSTOR') {
    // Pointers that no machine would note are lost in other ways.
    const [from, to] = size === 2 ? [6, 14] : [12, 28];
    places.poke(address + BigInt(from), 0n, to - from);
  }
  if (name === 'FBLD') {
    for (let n = 0n; n < 9n; n++) places.poke(address + n, BigInt(random.below(10) * 16 + random.below(10)), 1);
    places.poke(address + 9n, BigInt(random.pick([0, 0x80])), 1);
  }
  if (row.options.unit === 'x87' && !/ST|SAVE/.test(name)) float(row, places, address);
}

/** Numbers that are near those in registers. */
function float(row: Row, places: Places, address: bigint): void {
  const { random } = places;
  const view = new DataView(new ArrayBuffer(16));
  const kind = random.below(4);
  const size = row.operands.includes('Md') ? 4 : row.operands.includes('Mq') ? 8 : 10;
  if (kind === 0 || size > 8) return;
  if (kind === 1) fillVector(view, 0, 16, random);
  else if (size === 4) view.setFloat32(0, random.word() / 2 ** random.below(64), true);
  else view.setFloat64(0, random.word() / 2 ** random.below(64), true);
  places.poke(address, view.getBigUint64(0, true), size);
}

function stack(places: Places, reg: number, reach: number): void {
  const { random } = places;
  let offset = places.offset(8, reach);
  if (random.below(4) !== 0) offset &= ~7;
  const width = places.stackSize;
  places.set(reg, places.pointerTo(offset, width), width);
}

type Pointer = (reg: number, bytes: number, reach?: number) => void;

function string(made: RandomInstruction, places: Places, pointer: Pointer): void {
  const { random } = places;
  const size = Math.max(...made.operands.map((operand) => operand.size), 1);
  if (random.below(16) !== 0) pointer(RSI, size, 8 * 16);
  if (random.below(16) !== 0) pointer(RDI, size, 8 * 16);
  const least = made.prefixes.rep === 0 ? random.below(0x10000) : random.below(8) === 0 ? 0 : random.below(12);
  places.set(RCX, BigInt(least), made.prefixes.addressSize);
}

function divisible(name: string, operand: Operand, places: Places): void {
  const { random, image } = places;
  const sign = name === 'IDIV' && random.below(2) === 0;
  if (!places.owns(RDX)) places.set(RDX, sign ? -1n : BigInt(random.below(3)));
  if (operand.size === 1) places.set(RAX, BigInt(random.below(0x400)) * (sign ? -1n : 1n));
  if (sign && operand.size > 1) {
    const top = 1n << BigInt(8 * operand.size - 1);
    if ((image.gpr(RAX) & top) === 0n && random.below(4) !== 0) places.set(RAX, image.gpr(RAX) | top);
  }
}

/** BT and its like reach far from their operand: some bits that stay in the data, some that miss it. */
function bitString(row: Row, made: RandomInstruction, places: Places): void {
  if (!/^BT/.test(row.mnemonic) || row.operands[1] !== 'Gv' || made.operands[0]!.kind !== 'mem') return;
  const { random } = places;
  places.set((made.operands[1] as { reg: number }).reg, BigInt(random.below(600) - 300));
}
