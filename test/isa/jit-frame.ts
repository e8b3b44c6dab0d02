import type { TcgVcpu } from '../../src/accel/tcg/vcpu.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { createDecoder } from '../../src/cpu/decode.ts';
import { translateInsn } from '../../src/cpu/translate.ts';

const NOP = 0x90;
/** Instructions of a byte in front of the case. */
export const NOPS = 3;
const JUMP_NEXT = [0xeb, 0x00];
const decode = createDecoder({ features: parseCpuModel('max').features });

/** What `leadIn` put around an instruction. */
interface Frame {
  /** Bytes in front of the instruction, and behind it. */
  readonly lead: number;
  readonly tail: number;
  readonly instructions: number;
}

/**
 * Puts NOPs in front of the instruction at `at`, for a region is made of three instructions at least, and a jump
 * behind it when it does not end its block, for the budget must end with a block. The instruction then runs in the
 * region, or is what the region leaves for.
 */
export function leadIn(memory: Uint8Array, at: number, bytes: Uint8Array, mode: number): Frame {
  memory.fill(NOP, at - NOPS, at);
  const insn = decode(Buffer.concat([bytes, Buffer.alloc(15)]), 0, 15, mode, at, 0);
  const endsBlock = insn !== 'truncated' && translateInsn(insn).terminal.kind !== 'next';
  if (endsBlock) return { lead: NOPS, tail: 0, instructions: NOPS + 1 };
  memory.set(JUMP_NEXT, at + bytes.length);
  return { lead: NOPS, tail: JUMP_NEXT.length, instructions: NOPS + 2 };
}

/** Compiles the code at RIP at once. */
export function compileAtRip({ code, regions, state }: TcgVcpu): void {
  const rip = state.get('rip');
  code.segmentChanged();
  regions!.promote(code.lookup(Number(BigInt.asIntN(32, rip)), Number(BigInt.asIntN(32, rip >> 32n))));
}
