import { disassembleBytes } from '../cpu/disassemble.ts';
import { MODE } from '../cpu/mode.ts';

const LONGEST = 15;

/** One line of a listing. */
export interface Line {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly text: string;
}

const halves = (address: bigint): [number, number] => [
  Number(BigInt.asIntN(32, address)),
  Number(BigInt.asIntN(32, address >> 32n)),
];

/** Mode key of code with 16, 32 or 64 bits. */
export const codeMode = (bits: 16 | 32 | 64): number =>
  bits === 64 ? MODE.CODE_64 | MODE.LMA : bits === 32 ? MODE.CODE_32 : MODE.CODE_16;

/**
 * Disassembles up to `count` instructions from bytes at `address`. A byte that begins no instruction is `(bad)`;
 * bytes that are missing end the list.
 */
export function* listing(bytes: Uint8Array, address: bigint, mode: number, count = Infinity): Generator<Line> {
  for (let at = 0, n = 0; at < bytes.length && n < count; n++) {
    const window = bytes.subarray(at, at + LONGEST);
    const here = address + BigInt(at);
    const found = disassembleBytes(window, mode, halves(here));
    const missing = found === undefined;
    const length = found?.length ?? window.length;
    yield { address: here, bytes: window.subarray(0, length), text: found?.text ?? '(bad)' };
    if (missing && window.length < LONGEST) return;
    at += Math.max(length, 1);
  }
}
