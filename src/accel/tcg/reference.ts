import type { CpuContext } from '../../cpu/context.ts';
import type { Decode } from '../../cpu/decode.ts';
import { raiseGP, raiseUD } from '../../cpu/fault.ts';
import type { Insn } from '../../cpu/insn.ts';
import { verify } from '../../cpu/ir/verify.ts';
import { MODE } from '../../cpu/mode.ts';
import { CS, W } from '../../cpu/state.ts';
import { translateInsn } from '../../cpu/translate.ts';
import type { Mmu } from '../../mmu/mmu.ts';
import { evaluate } from './evaluate.ts';

/** Each iteration of a string instruction is one of its own: one may write to the instruction. */
const ONE_BY_ONE = { bulkMove: () => 0, bulkStore: () => 0 };

/**
 * The reference tier (`--tier=eval`): fetches, decodes, translates, verifies and evaluates each instruction
 * anew. RIP in the state is always current.
 */
export class ReferenceTier {
  readonly #w: Int32Array;
  readonly #mmu: Mmu;
  readonly #decode: Decode;
  readonly #helpers: Readonly<Record<string, unknown>>;
  readonly #buffer = new Uint8Array(15);

  constructor(cpu: CpuContext, mmu: Mmu, decode: Decode, helpers: Readonly<Record<string, unknown>>) {
    this.#w = cpu.w;
    this.#mmu = mmu;
    this.#decode = decode;
    this.#helpers = { ...helpers, ...ONE_BY_ONE };
  }

  /**
   * Runs one instruction; throws the guest's fault with the state as before the instruction. True: an iteration of
   * a string instruction that is to go on.
   */
  step(): boolean {
    const w = this.#w;
    const insn = this.#fetch();
    const ir = translateInsn(insn);
    const wrong = verify(ir);
    if (wrong.length > 0) throw new Error(`${insn.row.opcode} ${insn.row.mnemonic}: ${wrong.join('; ')}`);
    const value = evaluate(ir, { w, mmu: this.#mmu, helpers: this.#helpers }, insn.mode);
    const { terminal } = ir;
    switch (terminal.kind) {
      case 'exit':
        break;
      case 'jump':
        this.#setRip(insn.target as readonly [number, number]);
        break;
      case 'branch':
        this.#setRip((value !== 0 ? insn.target : insn.next) as readonly [number, number]);
        break;
      case 'repeat':
        if (value !== 0) return true;
        this.#setRip(insn.next as readonly [number, number]);
        break;
      case 'indirect': {
        const wide = BigInt(value);
        this.#setRip([
          Number(BigInt.asIntN(32, wide)),
          Number(BigInt.asIntN(32, typeof value === 'bigint' ? wide >> 32n : 0n)),
        ]);
        break;
      }
      default:
        this.#setRip(insn.next as readonly [number, number]);
    }
    return false;
  }

  #setRip([low, high]: readonly [number, number]): void {
    this.#w[W.rip] = low;
    this.#w[W.rip + 1] = high;
  }

  #fetch(): Insn {
    const w = this.#w;
    const mode = w[W.mode]!;
    const long = (mode & MODE.CODE) === MODE.CODE_64;
    const user = (mode & MODE.USER) !== 0;
    const ipLow = w[W.rip]!;
    const ipHigh = long ? w[W.rip + 1]! : 0;
    const low = long ? ipLow : (ipLow + w[W.base + 2 * CS]!) | 0;
    const toLimit = long ? 15 : Math.max(0, (w[W.limit + CS]! >>> 0) - (ipLow >>> 0) + 1);
    const buffer = this.#buffer;
    for (let have = 0; have < 15 && have < toLimit; ) {
      const at = (low + have) | 0;
      const offset = this.#mmu.fetch(at, ipHigh + (at >>> 0 < low >>> 0 && long ? 1 : 0), user);
      if (offset < 0) return raiseUD();
      const run = Math.min(15 - have, 4096 - (at & 0xfff), toLimit - have);
      buffer.set(this.#mmu.map.ram.u8.subarray(offset, offset + run), have);
      have += run;
      const insn = this.#decode(buffer, 0, have, mode, ipLow, ipHigh, w[W.limit + CS]);
      if (insn !== 'truncated') return insn;
    }
    return raiseGP(0);
  }
}
