import type { MemoryOperand } from '../../src/cpu/insn.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import type { RandomInstruction } from '../../src/cpu/random-instruction.ts';
import { DS, FS, GS, RBP, RSP, SS } from '../../src/cpu/state.ts';
import type { Random } from '../support/random.ts';
import { AT, type Image } from './image.ts';
import { BASE, CODE, CURRENT, DATA, INPUT, PAGE, WINDOWS, type World } from './layout.ts';

/** Bytes that an operand takes whose row does not say it. */
const UNTOLD: Readonly<Record<string, number>> = {
  CMPXCHG8B: 16,
  FXSAVE: 512,
  FXRSTOR: 512,
  XSAVE: 576,
  XRSTOR: 576,
  FNSAVE: 108,
  FRSTOR: 108,
  FLDENV: 28,
  FNSTENV: 28,
};

const bytesOf = (row: Row, operand: MemoryOperand): number =>
  UNTOLD[row.mnemonic.split('/')[0]!] ?? Math.max(operand.size, 1);

const MIDDLE = PAGE;
const HALF_WINDOW = WINDOWS[0].bytes / 2;
/** Accesses that reach further stay in the middle. */
const MOST_REACH = 200;
/** Bytes that most instructions push at the most: PUSHA. */
const PUSHED = 32n;
const near = BigInt(BASE + DATA);

/** Gives registers values that lead to the data, and keeps account of what has a value. */
export class Places {
  readonly world: World;
  readonly image: Image;
  readonly random: Random;
  readonly #owned = new Set<number>();

  constructor(world: World, image: Image, random: Random) {
    this.world = world;
    this.image = image;
    this.random = random;
  }

  get long(): boolean {
    return this.world.code === 64;
  }

  /** Bytes of the stack pointer. */
  get stackSize(): 2 | 4 | 8 {
    return (this.world.code / 8) as 2 | 4 | 8;
  }

  /** Linear address of an offset from RSP. */
  onStack(offset: bigint): bigint {
    return BigInt.asUintN(8 * this.stackSize, this.image.gpr(RSP) + offset) + this.segmentBase(SS);
  }

  owns(reg: number): boolean {
    return this.#owned.has(reg);
  }

  /** Gives a register its value; the bits above `bytes` stay as they are. */
  set(reg: number, value: bigint, bytes: 2 | 4 | 8 = 8): void {
    const old = this.image.gpr(reg);
    const mask = (1n << BigInt(8 * bytes)) - 1n;
    const all = (old & ~mask) | (value & mask);
    this.image.setGpr(reg, BigInt.asUintN(this.long ? 64 : 32, all));
    this.#owned.add(reg);
  }

  /** Offset in the data for an access of so many bytes, with `reach` bytes around it that are touched as well. */
  offset(bytes: number, reach = 0): number {
    const { random } = this;
    const roll = reach > MOST_REACH ? 0 : random.below(64);
    const askew = random.below(Math.max(bytes, 1));
    if (roll < 40) {
      const room = HALF_WINDOW - 16 - reach;
      const at = MIDDLE - room + random.below(Math.max(2 * room - bytes, 1));
      return random.below(2) === 0 ? at & ~15 : at;
    }
    if (roll < 53) return MIDDLE - askew;
    if (roll < 56) return 2 * PAGE - (reach > 48 ? 0 : Math.min(askew, 48));
    if (roll < 59) return 2 * PAGE + random.below(PAGE - 64);
    if (roll < 62) return 3 * PAGE - askew;
    return 3 * PAGE + random.below(PAGE - 64);
  }

  /** Puts bytes where an access will find them, if that is in the data. */
  poke(linear: bigint, value: bigint, bytes: number): void {
    const start = [near, this.world.alias].find((at) => linear >= at && linear < at + 8192n);
    if (start === undefined) return;
    const offset = Number(linear - start);
    let base: number = AT.data;
    for (const { at, bytes: length } of WINDOWS) {
      for (let n = 0; n < bytes; n++) {
        const place = offset + n - at;
        if (place >= 0 && place < length) this.image.bytes[base + place] = Number((value >> BigInt(8 * n)) & 255n);
      }
      base += length;
    }
  }

  /** What a register holds that points to an offset in the data. */
  pointerTo(offset: number, addressSize: 2 | 4 | 8): bigint {
    return this.linearOf(offset, addressSize) - this.segmentBase(DS);
  }

  /** Linear address of an offset in the data, seen where all addresses reach or at the alias. */
  linearOf(offset: number, addressSize: 2 | 4 | 8): bigint {
    const aliasReached = this.long ? addressSize === 8 : true;
    const alias = addressSize === 2 || (aliasReached && this.random.below(2) === 0);
    return (alias ? this.world.alias : near) + BigInt(offset);
  }

  segmentBase(seg: number): bigint {
    return seg === FS ? this.world.fsBase : seg === GS ? this.world.gsBase : this.world.segments[seg]!.base;
  }

  /** Linear address of a memory operand with the registers as they are. */
  linear({ base, index, scale, disp, dispHigh, seg }: MemoryOperand, addressSize: 2 | 4 | 8): bigint {
    const reg = (n: MemoryOperand['base']): bigint => (n === undefined ? 0n : this.image.gpr(n as number));
    const displacement = (BigInt(dispHigh as number) << 32n) | BigInt((disp as number) >>> 0);
    const sum = reg(base) + (reg(index) << BigInt(scale as number)) + displacement;
    const offset = BigInt.asUintN(8 * addressSize, sum);
    return BigInt.asUintN(this.long ? 64 : 32, offset + this.segmentBase(seg));
  }

  /** False when the case could touch memory that is not compared, or the programs around it. */
  isSafe(row: Row, made: RandomInstruction, operand: MemoryOperand | undefined): boolean {
    const { image } = this;
    const points: bigint[] = [];
    if (operand !== undefined) {
      const address = this.linear(operand, made.prefixes.addressSize);
      if (!this.#isHarmless(address, bytesOf(row, operand))) return false;
    }
    if (row.operands.some((code) => /^[XY]/.test(code)) || /^(MASKMOV|XLAT)/.test(row.mnemonic)) {
      const size = made.prefixes.addressSize;
      for (const reg of [3, 6, 7]) points.push(BigInt.asUintN(8 * size, image.gpr(reg)) + this.segmentBase(DS));
    }
    const stack = 8 * this.stackSize;
    // Pushes write below RSP.
    for (const [reg, below] of [
      [RSP, PUSHED],
      [RSP, 0n],
      [RBP, 0n],
    ] as const)
      points.push(BigInt.asUintN(stack, image.gpr(reg) - below) + this.segmentBase(SS));
    return points.every((at) => this.#isHarmless(at));
  }

  #isHarmless(at: bigint, bytes = 1): boolean {
    const { alias } = this.world;
    const inData = [near, alias].find((start) => at > start - 0x800n && at < start + 2n * 4096n);
    if (inData !== undefined) {
      const offset = Number(at - inData);
      // What reaches beyond the last window cannot be written.
      const covered = offset + bytes > 2 * PAGE ? 1 : bytes;
      return WINDOWS.some((w) => offset >= w.at && offset + covered <= w.at + w.bytes);
    }
    if (at > BigInt(BASE + INPUT) - 0x2000n && at < BigInt(BASE + CURRENT) + 0x3000n) return false;
    if (this.long) return true;
    // A process has no ring 0 at its side, and its own memory lies elsewhere.
    return at < 0x0800_0000n || (at >= BigInt(BASE + CODE) && at < 0x5000_0000n);
  }
}

/** The operand with registers and displacement so that it lies in the data; undefined when that cannot be. */
export function aim(
  row: Row,
  operand: MemoryOperand,
  made: RandomInstruction,
  places: Places,
): MemoryOperand | undefined {
  const { random, long } = places;
  const { addressSize } = made.prefixes;
  if (/^(LEA|NOP)$/.test(row.mnemonic) || random.below(40) === 0) return operand;
  const bytes = bytesOf(row, operand);
  const bits = /^BT/.test(row.mnemonic) && row.operands[1] === 'Gv';
  let offset = places.offset(bytes, bits ? 48 : 0);
  const aligned = bytes >= 16 || row.mnemonic.startsWith('CMPXCHG');
  if (aligned && random.below(6) !== 0) offset &= /^X/.test(row.mnemonic) ? ~63 : ~15;
  const { base, index } = operand as { base?: number; index?: number };
  const absolute = base === undefined && index === undefined;
  const reach = absolute && !row.operands.some((code) => code.startsWith('O')) && long ? 4 : addressSize;
  const target = places.linearOf(offset, reach) - places.segmentBase(operand.seg);
  const cut = (value: bigint): bigint => BigInt.asUintN(8 * addressSize, value);
  if (absolute) {
    const all = BigInt.asUintN(long ? 64 : 32, target);
    return { ...operand, disp: Number(BigInt.asIntN(32, all)), dispHigh: Number(BigInt.asIntN(32, all >> 32n)) };
  }
  const disp = BigInt(operand.disp as number);
  const factor = 1n << BigInt(operand.scale as number);
  const width = addressSize;
  const register = (reg: number): bigint => BigInt.asIntN(8 * width, places.image.gpr(reg));
  const moved = (by: bigint): MemoryOperand => {
    const sum = BigInt.asIntN(8 * Math.min(width, 4), disp + by);
    return { ...operand, disp: Number(sum), dispHigh: Number(sum >> 63n) };
  };
  if (base === undefined || base === index) {
    const times = base === undefined ? factor : factor + 1n;
    const only = (index ?? base)!;
    if (places.owns(only)) return undefined;
    const away = target - disp;
    places.set(only, away / times, width);
    return moved(away % times);
  }
  const scaled = index === undefined ? 0n : register(index) * factor;
  if (!places.owns(base)) {
    places.set(base, cut(target - disp - scaled), width);
    return operand;
  }
  if (index === undefined) {
    const by = target - disp - register(base);
    return by === BigInt.asIntN(8 * Math.min(width, 4), by) ? moved(by) : undefined;
  }
  const away = target - disp - register(base);
  if (places.owns(index)) return undefined;
  places.set(index, away / factor, width);
  return moved(away % factor);
}
