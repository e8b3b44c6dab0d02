import type { CpuContext } from '../context.ts';
import {
  bcdToF80,
  extractF80,
  f32ToF80,
  f64ToF80,
  f80ToBcd,
  f80ToF32,
  f80ToF64,
  f80ToInteger,
  integerToF80,
  loadConstant,
} from '../softfloat/index.ts';
import { C1, IE, OE, PRECOMPUTATION, UE } from '../softfloat/status.ts';
import { W } from '../state.ts';
import { NOT_DONE, quickX87 } from './x87-quick.ts';
import {
  copyRegister,
  isEmpty,
  markEmpty,
  markFull,
  pop,
  pushCopy,
  pushed,
  report,
  room,
  setControlWord,
  setTop,
  st,
  topOf,
  underflow,
  writeIndefinite,
} from './x87-stack.ts';

/** Where values pass between memory's formats and the stack. */
const PASS = W.scratch;
const TEN_BYTES = 10;

/**
 * Loads, stores, exchanges and stack control of the x87. Stores return what memory is to hold; `old` is what it
 * holds, for the unmasked exceptions that leave it so. Addresses are linear, two words.
 */
export function x87TransferHelpers(cpu: CpuContext) {
  const { w, memory } = cpu;
  const quick = quickX87(w);

  /** Pushes what was written to the place that `room` gave, unless that reported an unmasked invalid operation. */
  const push = (flags: number): void => {
    report(w, flags);
    if ((flags & ~w[W.fcw] & IE) === 0) pushed(w);
  };

  /** Runs a store's conversion into PASS; true when memory is to be written (and the stack to be popped). */
  const stored = (convert: (a: number, cw: number) => number, indefinite: () => void): boolean => {
    if (isEmpty(w, 0)) {
      if (!underflow(w)) return false;
      indefinite();
      return true;
    }
    const flags = convert(st(w, 0), w[W.fcw]);
    report(w, flags);
    return (flags & ~w[W.fcw] & (IE | OE | UE)) === 0;
  };

  const readTenBytes = (low: number, high: number): void => {
    const user = w[W.cpl] === 3;
    const next = (low + 8) | 0;
    const first = memory.read64(low, high, user);
    const second = w[W.hi];
    const third = memory.read16(next, next >>> 0 < low >>> 0 ? (high + 1) | 0 : high, user);
    w[PASS] = first;
    w[PASS + 1] = second;
    w[PASS + 2] = third;
  };

  const writeTenBytes = (low: number, high: number): void => {
    const user = w[W.cpl] === 3;
    const next = (low + 8) | 0;
    memory.write64(low, high, w[PASS], w[PASS + 1], user);
    memory.write16(next, next >>> 0 < low >>> 0 ? (high + 1) | 0 : high, w[PASS + 2] & 0xffff, user);
  };

  const probe = (low: number, high: number): void => memory.probeWrite(low, high, TEN_BYTES, w[W.cpl] === 3);

  return {
    x87LoadRegister(i: number): void {
      if (pushCopy(w, i)) return;
      if (isEmpty(w, i)) {
        if (!underflow(w)) return;
        writeIndefinite(w, st(w, 7));
        pushed(w);
        return;
      }
      const d = room(w);
      if (d < 0) return;
      report(w, 0);
      copyRegister(w, d, st(w, i));
      pushed(w);
    },
    x87LoadF32(value: number): void {
      const d = room(w);
      if (d < 0) return;
      if (quick.widenSingle(d, value)) return push(0);
      w[PASS] = value;
      push(f32ToF80(w, d, PASS, w[W.fcw]));
    },
    x87LoadF64(low: number, high: number): void {
      const d = room(w);
      if (d < 0) return;
      if (quick.widen(d, low, high)) return push(0);
      w[PASS] = low;
      w[PASS + 1] = high;
      push(f64ToF80(w, d, PASS, w[W.fcw]));
    },
    x87LoadInteger(low: number, high: number): void {
      const d = room(w);
      if (d < 0) return;
      integerToF80(w, d, high, low);
      push(0);
    },
    x87LoadExtended(low: number, high: number): void {
      readTenBytes(low, high);
      const d = room(w);
      if (d < 0) return;
      copyRegister(w, d, PASS);
      push(0);
    },
    x87LoadBcd(low: number, high: number): void {
      readTenBytes(low, high);
      const d = room(w);
      if (d < 0) return;
      bcdToF80(w, d, PASS);
      push(0);
    },
    x87LoadConstant(index: number): void {
      const d = room(w);
      if (d < 0) return;
      loadConstant(w, d, index, w[W.fcw]);
      push(0);
    },

    x87StoreRegister(i: number, pops: number): void {
      const d = st(w, i);
      if (isEmpty(w, 0)) {
        if (!underflow(w)) return;
        writeIndefinite(w, d);
      } else {
        report(w, 0);
        copyRegister(w, d, st(w, 0));
      }
      markFull(w, i);
      if (pops !== 0) pop(w);
    },
    x87StoreF32(old: number, pops: number): number {
      const writes = stored(
        (a, cw) => f80ToF32(w, PASS, a, cw),
        () => {
          w[PASS] = 0xffc00000;
        },
      );
      if (!writes) return old;
      if (pops !== 0) pop(w);
      return w[PASS];
    },
    x87StoreF64(oldLow: number, oldHigh: number, pops: number): number {
      const writes = stored(
        (a, cw) => {
          const flags = quick.narrow(PASS, a);
          return flags === NOT_DONE ? f80ToF64(w, PASS, a, cw) : flags;
        },
        () => {
          w[PASS] = 0;
          w[PASS + 1] = 0xfff80000;
        },
      );
      if (writes && pops !== 0) pop(w);
      w[W.hi] = writes ? w[PASS + 1] : oldHigh;
      return writes ? w[PASS] : oldLow;
    },
    /** FIST, FISTP, FISTTP of 16, 32 or 64 bits. */
    x87StoreInteger(bits: number, truncate: number, pops: number, oldLow: number, oldHigh: number): number {
      const writes = stored(
        (a, cw) => f80ToInteger(w, PASS, a, bits, cw, truncate !== 0),
        () => {
          w[PASS] = bits === 64 ? 0 : bits === 32 ? 0x80000000 : 0x8000;
          w[PASS + 1] = 0x80000000;
        },
      );
      if (writes && pops !== 0) pop(w);
      w[W.hi] = writes ? w[PASS + 1] : oldHigh;
      const low = writes ? w[PASS] : oldLow;
      return bits === 16 ? low & 0xffff : low;
    },
    x87StoreExtended(low: number, high: number): void {
      probe(low, high);
      const writes = stored(
        (a) => {
          copyRegister(w, PASS, a);
          return 0;
        },
        () => writeIndefinite(w, PASS),
      );
      if (!writes) return;
      writeTenBytes(low, high);
      pop(w);
    },
    x87StoreBcd(low: number, high: number): void {
      probe(low, high);
      const writes = stored(
        (a, cw) => f80ToBcd(w, PASS, a, cw),
        () => writeIndefinite(w, PASS),
      );
      if (!writes) return;
      writeTenBytes(low, high);
      pop(w);
    },

    x87Exchange(i: number): void {
      const a = st(w, 0);
      const b = st(w, i);
      const emptyA = isEmpty(w, 0);
      const emptyB = isEmpty(w, i);
      if (!emptyA && !emptyB) report(w, 0);
      else if (!underflow(w)) return;
      if (emptyA) writeIndefinite(w, a);
      if (emptyB) writeIndefinite(w, b);
      copyRegister(w, PASS, a);
      copyRegister(w, a, b);
      copyRegister(w, b, PASS);
      markFull(w, 0);
      markFull(w, i);
    },
    /** FCMOVcc: an empty register is an underflow whether the condition holds or not. C1 stays otherwise. */
    x87MoveIf(condition: number, i: number): void {
      if (isEmpty(w, 0) || isEmpty(w, i)) {
        if (!underflow(w)) return;
        writeIndefinite(w, st(w, 0));
        markFull(w, 0);
        return;
      }
      if (condition !== 0) copyRegister(w, st(w, 0), st(w, i));
    },
    /** FXTRACT: the exponent replaces ST(0), the significand is pushed. */
    x87Extract(): void {
      if (isEmpty(w, 0)) {
        if (!underflow(w)) return;
        writeIndefinite(w, st(w, 0));
        markFull(w, 0);
        writeIndefinite(w, st(w, 7));
        pushed(w);
        return;
      }
      if (!isEmpty(w, 7)) {
        const masked = (w[W.fcw] & IE) !== 0;
        room(w);
        if (masked) writeIndefinite(w, st(w, 1));
        return;
      }
      const flags = extractF80(w, st(w, 0), st(w, 7), st(w, 0), w[W.fcw]);
      report(w, flags);
      if ((flags & ~w[W.fcw] & PRECOMPUTATION) === 0) pushed(w);
    },

    x87Free(i: number, pops: number): void {
      markEmpty(w, i);
      report(w, 0);
      if (pops !== 0) pop(w);
    },
    x87Rotate(by: number): void {
      setTop(w, topOf(w) + by);
      w[W.fsw] &= ~C1;
    },
    x87LoadControl(value: number): void {
      setControlWord(w, value);
    },
  };
}
