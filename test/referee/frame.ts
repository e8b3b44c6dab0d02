import { CS, RSP, SS } from '../../src/cpu/state.ts';
import type { GuestRam } from '../../src/memory/ram.ts';
import { AT, type Image } from './image.ts';
import { BASE, DATA, HANDLERS, KERNEL_STACK, WINDOWS } from './layout.ts';

/** Bytes of a frame without an error code: RIP, CS, RFLAGS, RSP, SS. */
const FRAME = 40;

/**
 * Takes from the guest what an exception left: its frame on the stack of ring 0 and the data. The general registers
 * are in `after` as the handler has them, `rip` is where the handler halted.
 */
export function readFrame(after: Image, { u8, view }: GuestRam, rip: bigint, cr2: bigint): void {
  const pushed = BASE + KERNEL_STACK - Number(after.gpr(RSP));
  const frame = (n: number): bigint => view.getBigUint64(KERNEL_STACK - FRAME + 8 * n, true);
  const errorCode = pushed > FRAME ? view.getInt32(KERNEL_STACK - FRAME - 8, true) : -1;
  const vector = (Number(rip) - BASE - HANDLERS) >> 4;
  after.setException(vector, errorCode, cr2);
  after.rip = frame(0);
  after.rflags = Number(frame(2));
  after.setGpr(RSP, frame(3));
  after.setSelector(CS, Number(frame(1)));
  after.setSelector(SS, Number(frame(4)));
  readWindows(after, u8);
}

function readWindows(after: Image, u8: Uint8Array): void {
  let to: number = AT.data;
  for (const { at, bytes } of WINDOWS) {
    after.bytes.set(u8.subarray(DATA + at, DATA + at + bytes), to);
    to += bytes;
  }
}
