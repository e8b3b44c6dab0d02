import type { Emitter, Val } from '../emitter.ts';
import type { MemoryOperand, Operand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { FLAG } from '../state.ts';
import { bitAs } from './integer.ts';

// ---- BT, BTS, BTR, BTC ----

type Change = 'none' | 'set' | 'reset' | 'complement';

/** The value with the bit of `mask` changed. */
function changed(t: Emitter, value: Val, mask: Val, change: Change): Val {
  if (change === 'set') return t.or(value, mask);
  return change === 'reset' ? t.and(value, t.not(mask)) : t.xor(value, mask);
}

const selected = (t: Emitter, value: Val, at: Val): Val => {
  const known = t.ir.constant(at.id);
  return typeof known === 'number' ? t.bit(value, known) : t.and(t.trunc(t.shr(value, at), 4), t.const(1, 4));
};

/** A bit index modulo the operand's size in bits. */
const indexInOperand = (t: Emitter, index: Val, size: Val['size']): Val =>
  t.and(index.size === 8 ? t.trunc(index, 4) : bitAs(t, index, 4), t.const(size * 8 - 1, 4));

/** The address of the operand-sized word that a signed bit index into memory reaches (SDM 2A 3.1.1.9). */
function bitStringAddress(t: Emitter, base: MemoryOperand, index: Val): Val {
  const address = t.address(base);
  const log2 = index.size === 2 ? 4 : index.size === 4 ? 5 : 6;
  const words = t.sar(t.sext(index, Math.max(4, index.size) as 4 | 8), t.const(log2, 4));
  const bytes = t.shl(t.sext(words, address.size), t.const(log2 - 3, 4));
  const sum = t.add(address, t.trunc(bytes, address.size));
  return t.addressSize === 2 ? t.and(sum, t.const(0xffff, 4)) : sum;
}

function bitString(t: Emitter, base: MemoryOperand, index: Val, change: Change): void {
  const address = bitStringAddress(t, base, index);
  const at = indexInOperand(t, index, index.size);
  if (change === 'none') {
    t.changeFlags(FLAG.CARRIES, selected(t, t.load(base.seg, address, index.size), at));
    return;
  }
  const place = t.loadForWrite(base.seg, address, index.size);
  place.store(changed(t, place.value, t.shl(t.const(1, index.size), at), change));
  t.changeFlags(FLAG.CARRIES, selected(t, place.value, at));
}

/** ZF stays. Of those that the SDM leaves undefined SF and PF stay too, OF and AF become 0. */
const bitTest =
  (change: Change): Emit =>
  (t, dst, indexOperand) => {
    const index = t.read(indexOperand!);
    if (dst!.kind === 'mem' && indexOperand!.kind === 'gpr') {
      bitString(t, dst!, index, change);
      return;
    }
    const size = dst!.size as Val['size'];
    const at = indexInOperand(t, index, size);
    const value = change === 'none' ? t.read(dst!) : t.readForWrite(dst!);
    if (change !== 'none') t.write(dst!, changed(t, value, t.shl(t.const(1, size), at), change));
    t.changeFlags(FLAG.CARRIES, selected(t, value, at));
  };
export const bt = bitTest('none');
export const bts = bitTest('set');
export const btr = bitTest('reset');
export const btc = bitTest('complement');

// ---- scans and counts ----

const trailing = (t: Emitter, value: Val): Val => t.pure(value.size === 8 ? 'ctz64' : 'ctz', 4, value);
const leading = (t: Emitter, value: Val): Val => t.pure(value.size === 8 ? 'clz64' : 'clz', 4, value);

const scan =
  (forward: boolean): Emit =>
  (t, dst, src) => {
    const value = t.read(src!);
    const last = t.const(value.size === 8 ? 63 : 31, 4);
    const found = forward ? trailing(t, value) : t.sub(last, leading(t, value));
    t.if(t.xor(t.isZero(value), t.const(1, 4)), () => t.write(dst!, t.zext(bitAs(t, found, 4), value.size)));
    t.setFlags('LOGIC', value);
  };
/** The destination stays when the source is 0, as on all processors. Flags but ZF are undefined. */
export const bsf = scan(true);
export const bsr = scan(false);

/** TZCNT and LZCNT give the operand's size in bits for 0, and say so in CF. */
const count =
  (forward: boolean): Emit =>
  (t, dst, src) => {
    const value = t.read(src!);
    const bits = value.size * 8;
    let found: Val;
    if (value.size !== 2) found = forward ? trailing(t, value) : leading(t, value);
    else if (forward) found = trailing(t, t.or(bitAs(t, value, 4), t.const(0x10000, 4)));
    else found = t.sub(leading(t, bitAs(t, value, 4)), t.const(32 - bits, 4));
    const result = t.zext(found, value.size);
    t.write(dst!, result);
    t.setResultFlags(result, t.isZero(value), null);
  };
export const tzcnt = count(true);
export const lzcnt = count(false);

export const popcnt: Emit = (t, dst, src) => {
  const value = t.read(src!);
  t.write(dst!, t.zext(t.pure(value.size === 8 ? 'popcnt64' : 'popcnt', 4, value), value.size));
  t.changeFlags(FLAG.ARITH, t.shl(t.isZero(value), t.const(6, 4)));
};

// ---- BMI1 ----

export const andn: Emit = (t, dst, inverted, src) => {
  const result = t.and(t.not(t.read(inverted!)), t.read(src!));
  t.write(dst!, result);
  t.setFlags('LOGIC', result);
};

const one = (t: Emitter, size: Val['size']): Val => t.const(1, size);

export const blsi: Emit = (t, dst, src) => {
  const value = t.read(src!);
  const result = t.and(t.neg(value), value);
  t.write(dst!, result);
  t.setResultFlags(result, t.xor(t.isZero(value), one(t, 4)), null);
};

export const blsr: Emit = (t, dst, src) => {
  const value = t.read(src!);
  const result = t.and(t.sub(value, one(t, value.size)), value);
  t.write(dst!, result);
  t.setResultFlags(result, t.isZero(value), null);
};

export const blsmsk: Emit = (t, dst, src) => {
  const value = t.read(src!);
  const result = t.xor(t.sub(value, one(t, value.size)), value);
  t.write(dst!, result);
  t.setResultFlags(result, t.isZero(value), null);
};

/** The low `length` bits of a value; all of it for a length of its size and more. */
function lowBits(t: Emitter, value: Val, length: Val): Val {
  const bits = t.const(value.size * 8, 4);
  const mask = t.not(t.shl(t.const(-1, value.size), t.and(length, t.const(value.size * 8 - 1, 4))));
  return t.select(t.ltu(length, bits), t.and(value, mask), value);
}

const byteOf = (t: Emitter, value: Val, at: number): Val =>
  t.and(t.shr(bitAs(t, t.trunc(value, 4), 4), t.const(at, 4)), t.const(0xff, 4));

export const bextr: Emit = (t, dst, src, control) => {
  const value = t.read(src!);
  const selector = t.read(control!);
  const start = byteOf(t, selector, 0);
  const last = value.size * 8 - 1;
  const shifted = t.select(
    t.ltu(t.const(last, 4), start),
    t.const(0, value.size),
    t.shr(value, t.and(start, t.const(last, 4))),
  );
  const result = lowBits(t, shifted, byteOf(t, selector, 8));
  t.write(dst!, result);
  t.setFlags('LOGIC', result);
};

// ---- BMI2 ----

export const bzhi: Emit = (t, dst, src, indexOperand) => {
  const value = t.read(src!);
  const index = byteOf(t, t.read(indexOperand!), 0);
  const result = lowBits(t, value, index);
  t.write(dst!, result);
  t.setResultFlags(result, t.ltu(t.const(value.size * 8 - 1, 4), index), null);
};

const byHelper =
  (name: 'pdep' | 'pext'): Emit =>
  (t, dst, src, mask) => {
    const value = t.read(src!);
    t.write(dst!, t.callFor(value.size, `${name}${value.size * 8}`, value, t.read(mask!)));
  };
export const pdep = byHelper('pdep');
export const pext = byHelper('pext');

// ---- CRC32 ----

/** CRC-32C (polynomial 11EDC6F41h, reflected) over the source's bytes. */
export const crc32: Emit = (t, dst, src) => {
  const value = t.read(src!);
  const crc = t.trunc(t.read(dst!), 4);
  const result =
    value.size === 8
      ? t.callFor(4, 'crc32c', t.callFor(4, 'crc32c', crc, t.trunc(value, 4), 4), t.high(value), 4)
      : t.callFor(4, 'crc32c', crc, value, value.size);
  t.write(dst!, t.zext(result, (dst as Operand).size as Val['size']));
};
