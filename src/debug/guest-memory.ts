import type { Machine } from '../machine/machine.ts';

const PAGE = 4096n;
const MASK = (1n << 64n) - 1n;

/** Linear address to physical, or the identity for tools that look at physical memory. */
export type Translate = (address: bigint) => number | undefined;

/** The guest's own view: through its page tables as they are now, without a trace left. */
export const linear =
  (machine: Machine): Translate =>
  (address) =>
    machine.vcpu.translate(address & MASK);

export const physical: Translate = (address) => (address < 1n << 52n ? Number(address) : undefined);

/**
 * Reads RAM or ROM, byte for byte up to the first that is not there or belongs to a device: a look must not
 * change a device.
 */
export function readMemory(machine: Machine, address: bigint, length: number, translate: Translate): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  for (const { at, run } of pages(address, length)) {
    const gpa = translate(at);
    if (gpa === undefined || machine.pc.memory.readableOffset(gpa) < 0) break;
    machine.pc.memory.readBytes(gpa, bytes.subarray(done, done + run));
    done += run;
  }
  return bytes.subarray(0, done);
}

/** Writes all of it, or nothing and answers false where something is no RAM. */
export function writeMemory(machine: Machine, address: bigint, bytes: Uint8Array, translate: Translate): boolean {
  const { memory } = machine.pc;
  const places: number[] = [];
  for (const { at } of pages(address, bytes.length)) {
    const gpa = translate(at);
    if (gpa === undefined || memory.writableOffset(gpa) < 0) return false;
    places.push(gpa);
  }
  let done = 0;
  for (const { run } of pages(address, bytes.length)) {
    memory.writeBytes(places.shift()!, bytes.subarray(done, done + run));
    done += run;
  }
  return true;
}

function* pages(address: bigint, length: number): Generator<{ at: bigint; run: number }> {
  for (let done = 0; done < length; ) {
    const at = (address + BigInt(done)) & MASK;
    const run = Math.min(length - done, Number(PAGE - (at % PAGE)));
    yield { at, run };
    done += run;
  }
}
