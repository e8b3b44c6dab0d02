import type { RefereeCase } from './generate.ts';
import { AT, type Image } from './image.ts';
import { WINDOW_BYTES } from './layout.ts';

/** Plainer states, one thing at a time. */
function* simpler(image: Image): Generator<Image> {
  const change = (make: (copy: Image) => void): Image => {
    const copy = image.copy();
    make(copy);
    return copy;
  };
  yield change((copy) => copy.data.fill(0));
  for (let at = 0; at < WINDOW_BYTES; at += 64) yield change((copy) => copy.data.fill(0, at, at + 64));
  yield change((copy) => copy.bytes.fill(0, AT.xmm, AT.gpr));
  yield change((copy) => copy.bytes.fill(0, AT.st, AT.xmm));
  yield change((copy) => copy.view.setUint32(AT.mxcsr, 0x1f80, true));
  yield change((copy) => copy.view.setUint16(AT.fcw, 0x37f, true));
  yield change((copy) => copy.view.setUint16(AT.fsw, 0, true));
  yield change((copy) => {
    copy.bytes[AT.ftw] = 0;
  });
  yield change((copy) => {
    copy.rflags = 0x202;
  });
  for (let reg = 0; reg < 16; reg++) {
    yield change((copy) => copy.setGpr(reg, 0n));
    yield change((copy) => copy.xmm(reg).fill(0));
    if (reg < 8) yield change((copy) => copy.st(reg).fill(0));
  }
}

/** The case from a state as plain as it can be while `fails` holds. */
export function shrink(one: RefereeCase, fails: (candidate: RefereeCase) => boolean): RefereeCase {
  let best = one;
  for (const before of simplifications(one)) {
    const candidate = { ...best, before: merge(best.before, one.before, before) };
    if (Buffer.compare(candidate.before.bytes, best.before.bytes) !== 0 && fails(candidate)) best = candidate;
  }
  return best;
}

const simplifications = ({ before }: RefereeCase): Image[] => [...simpler(before)];

/** `best` with what `changed` does to `original`. */
function merge(best: Image, original: Image, changed: Image): Image {
  const merged = best.copy();
  changed.bytes.forEach((byte, n) => {
    if (byte !== original.bytes[n]) merged.bytes[n] = byte;
  });
  return merged;
}
