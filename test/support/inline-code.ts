import { I32, I64, MEMORY, OP, WasmCode, type WasmType } from '../../src/accel/tcg/wasm/code.ts';
import { Frame, type Layout } from '../../src/accel/tcg/wasm/frame.ts';
import type { InlineCall } from '../../src/accel/tcg/wasm/inline-call.ts';
import { moduleOf } from '../../src/accel/tcg/wasm/module.ts';
import { functionOf } from '../../src/accel/tcg/wasm/web-assembly.ts';
import { type Inst, IrBuilder } from '../../src/cpu/ir/block.ts';
import type { IrType } from '../../src/cpu/ir/ops.ts';
import { GuestRam } from '../../src/memory/ram.ts';

/** Words: arguments begin here, two each; the result, and whether the helper would have been called. */
const ARGS = 0;
const RESULT = 32;
/** Byte offset of the state. */
const STATE = 256;

type Arg = IrType | { readonly known: number };

/** Code in place of a call of a helper, as a function on a copy of a CPU's state. */
export class InlineCode {
  readonly #words: Int32Array;
  readonly #type: IrType | undefined;
  readonly #run: CallableFunction;

  constructor(print: (call: InlineCall) => void, helper: string, type: IrType | undefined, args: readonly Arg[]) {
    this.#type = type;
    const { memory } = GuestRam.allocate(65_536, 0, 0);
    if (memory === undefined) throw new Error('there is no memory for WebAssembly');
    this.#words = new Int32Array(memory.buffer);
    const frame = new Frame({ state: STATE } as Layout, { low: 0, high: 0 });
    const code = new WasmCode();
    const ir = new IrBuilder();
    const values = args.map((arg, n) =>
      typeof arg === 'string' ? ir.add({ op: 'get', type: arg, slot: { word: 2 * n, param: null } }) : arg,
    );
    const result = type === undefined ? -1 : frame.borrow(type === 'i64' ? I64 : I32);
    const call: Inst & { op: 'call' } = { op: 'call', type, helper, args: values };
    ir.add(call);
    print({
      inst: call,
      ir,
      code,
      frame,
      result,
      push(n) {
        code.i32(0);
        code.memory(args[n] === 'i64' ? MEMORY.i64_load : MEMORY.i32_load, 4 * (ARGS + 2 * n));
      },
      helper() {
        code.i32(1);
        code.op(OP.return);
      },
    });
    if (type !== undefined) {
      code.i32(0);
      code.get(result);
      code.memory(type === 'i64' ? MEMORY.i64_store : MEMORY.i32_store, 4 * RESULT);
    }
    code.i32(0);
    const locals: readonly WasmType[] = frame.types;
    // The function's parameter is the record, as everywhere.
    const bytes = moduleOf([], { signature: { params: 1, result: true }, locals, body: code });
    this.#run = functionOf(bytes, { memory });
  }

  /** The value that the code makes, 0n for none, and the state in `words` after it; undefined when it calls the helper. */
  run(words: Int32Array, ...args: readonly bigint[]): bigint | undefined {
    const all = this.#words;
    all.fill(0, 0, STATE / 4);
    args.forEach((arg, n) => {
      all.set([Number(BigInt.asIntN(32, arg)), Number(BigInt.asIntN(32, arg >> 32n))], ARGS + 2 * n);
    });
    all.set(words, STATE / 4);
    if ((this.#run(0) as number) !== 0) return undefined;
    words.set(all.subarray(STATE / 4, STATE / 4 + words.length));
    if (this.#type === undefined) return 0n;
    const low = BigInt(all[RESULT]! >>> 0);
    return this.#type === 'i64' ? (BigInt(all[RESULT + 1]! >>> 0) << 32n) | low : low;
  }
}
