import type { CpuContext } from '../context.ts';
import { examineF80 } from '../softfloat/index.ts';
import { C0, C2, C3 } from '../softfloat/status.ts';
import { W } from '../state.ts';
import { ES_B, initialise, isEmpty, setControlWord, st, summarise, topOf } from './x87-stack.ts';

/** The masks of FCW. */
const MASKS = 0x3f;
/** FSW bits that FCLEX clears. */
const CLEARED = 0x80ff;
/** Bytes of one 80-bit register in an FSAVE area. */
const REGISTER_BYTES = 10;

/** Memory at a linear address, by offset. */
function view(cpu: CpuContext, low: number, high: number) {
  const { memory, w } = cpu;
  const user = w[W.cpl] === 3;
  const carry = (at: number): number => (at >>> 0 < low >>> 0 ? (high + 1) | 0 : high);
  return {
    read16: (offset: number): number => memory.read16((low + offset) | 0, carry((low + offset) | 0), user),
    read32: (offset: number): number => memory.read32((low + offset) | 0, carry((low + offset) | 0), user),
    write16: (offset: number, value: number): void =>
      memory.write16((low + offset) | 0, carry((low + offset) | 0), value & 0xffff, user),
    write32: (offset: number, value: number): void =>
      memory.write32((low + offset) | 0, carry((low + offset) | 0), value, user),
    probe: (bytes: number): void => memory.probeWrite(low, high, bytes, user),
  };
}
type View = ReturnType<typeof view>;

/** The two-bit tags of FSTENV (SDM volume 1, 8.1.7): 0 valid, 1 zero, 2 special, 3 empty. */
function fullTags(w: Int32Array): number {
  let tags = 0;
  for (let i = 0; i < 8; i++) {
    let tag = 3;
    if (!isEmpty(w, i)) {
      const condition = examineF80(w, st(w, i), false) & (C3 | C2 | C0);
      tag = condition === C2 ? 0 : condition === C3 ? 1 : 2;
    }
    tags |= tag << (2 * ((topOf(w) + i) & 7));
  }
  return tags;
}

function abridgedTags(full: number): number {
  let tags = 0;
  for (let i = 0; i < 8; i++) if (((full >> (2 * i)) & 3) !== 3) tags |= 1 << i;
  return tags;
}

/** SDM volume 1, figures 8-9 to 8-12. `wide`: the 32-bit layout; `real`: real-address or virtual-8086 mode. */
function writeEnvironment(w: Int32Array, to: View, wide: boolean, real: boolean): void {
  const fip = real ? ((w[W.fcs] << 4) + w[W.fip]) | 0 : w[W.fip];
  const fdp = real ? ((w[W.fds] << 4) + w[W.fdp]) | 0 : w[W.fdp];
  const fop = w[W.fop] & 0x7ff;
  const words = [w[W.fcw], w[W.fsw], fullTags(w)];
  if (wide) {
    words.forEach((word, i) => {
      to.write32(4 * i, word | 0xffff0000);
    });
    to.write32(12, real ? fip | 0xffff0000 : fip);
    to.write32(16, real ? ((fip >>> 16) << 12) | fop : (w[W.fcs] & 0xffff) | (fop << 16));
    to.write32(20, real ? fdp | 0xffff0000 : fdp);
    to.write32(24, real ? (fdp >>> 16) << 12 : w[W.fds] | 0xffff0000);
    return;
  }
  words.push(fip, real ? (((fip >>> 16) & 15) << 12) | fop : w[W.fcs], fdp);
  words.push(real ? ((fdp >>> 16) & 15) << 12 : w[W.fds]);
  words.forEach((word, i) => {
    to.write16(2 * i, word);
  });
}

function readEnvironment(w: Int32Array, from: View, wide: boolean, real: boolean): void {
  const stride = wide ? 4 : 2;
  const words = [0, 1, 2].map((i) => from.read16(stride * i));
  const pointers = [3, 4, 5, 6].map((i) => (wide ? from.read32(4 * i) : from.read16(2 * i)));
  const [ip, ipHigh, dp, dpHigh] = pointers;
  w[W.fsw] = words[1] & ~ES_B;
  w[W.ftw] = abridgedTags(words[2]);
  setControlWord(w, words[0]);
  w[W.fip] = real ? (ip & 0xffff) | ((ipHigh >>> 12) << 16) : ip;
  w[W.fdp] = real ? (dp & 0xffff) | ((dpHigh >>> 12) << 16) : dp;
  w[W.fip + 1] = 0;
  w[W.fdp + 1] = 0;
  w[W.fcs] = real ? 0 : ipHigh & 0xffff;
  w[W.fds] = real ? 0 : dpHigh & 0xffff;
  w[W.fop] = real ? ipHigh & 0x7ff : wide ? (ipHigh >>> 16) & 0x7ff : 0;
}

/** FNINIT, FNCLEX, FNSTENV, FLDENV, FNSAVE, FRSTOR. Addresses are linear, two words. */
export function x87EnvironmentHelpers(cpu: CpuContext) {
  const { w } = cpu;
  const bytesOf = (wide: number): number => (wide !== 0 ? 28 : 14);

  return {
    x87Initialise: () => initialise(w),
    x87ClearExceptions(): void {
      w[W.fsw] &= ~CLEARED;
    },
    x87StoreEnvironment(low: number, high: number, wide: number, real: number): void {
      const to = view(cpu, low, high);
      to.probe(bytesOf(wide));
      writeEnvironment(w, to, wide !== 0, real !== 0);
      w[W.fcw] |= MASKS;
      summarise(w);
    },
    x87LoadEnvironment(low: number, high: number, wide: number, real: number): void {
      readEnvironment(w, view(cpu, low, high), wide !== 0, real !== 0);
    },
    x87Save(low: number, high: number, wide: number, real: number): void {
      const to = view(cpu, low, high);
      const start = bytesOf(wide);
      to.probe(start + 8 * REGISTER_BYTES);
      writeEnvironment(w, to, wide !== 0, real !== 0);
      for (let i = 0; i < 8; i++) {
        const at = start + REGISTER_BYTES * i;
        const a = st(w, i);
        to.write32(at, w[a]);
        to.write32(at + 4, w[a + 1]);
        to.write16(at + 8, w[a + 2]);
      }
      initialise(w);
    },
    x87Restore(low: number, high: number, wide: number, real: number): void {
      const from = view(cpu, low, high);
      const start = bytesOf(wide);
      const registers = Array.from({ length: 8 }, (_, i) => {
        const at = start + REGISTER_BYTES * i;
        return [from.read32(at), from.read32(at + 4), from.read16(at + 8)];
      });
      readEnvironment(w, from, wide !== 0, real !== 0);
      registers.forEach((words, i) => {
        w.set(words, st(w, i));
      });
    },
  };
}
