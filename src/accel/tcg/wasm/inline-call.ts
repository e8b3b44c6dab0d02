import type { Inst, IrBuilder, ValueId } from '../../../cpu/ir/block.ts';
import type { WasmCode } from './code.ts';
import type { Frame } from './frame.ts';

/** A helper's call in place of which code may be printed. */
export interface InlineCall {
  readonly inst: Inst & { readonly op: 'call' };
  readonly ir: IrBuilder;
  readonly code: WasmCode;
  readonly frame: Frame;
  /** The local that takes the call's value, if it has one. */
  readonly result: number;
  /** Pushes the nth argument, a value. */
  push(n: number): void;
  /** Prints the call itself; its value goes to `result`. */
  helper(): void;
}

/** The nth argument as the number that it is known to be, or undefined. */
export function knownArgument({ inst, ir }: InlineCall, n: number): number | undefined {
  const arg = inst.args[n];
  if (arg === undefined) return undefined;
  const value = typeof arg === 'number' ? ir.constant(arg as ValueId) : arg.known;
  return typeof value === 'number' ? value : undefined;
}
