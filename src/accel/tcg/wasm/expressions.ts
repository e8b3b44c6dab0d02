import { I32, I64, MEMORY, OP, WasmCode, type WasmType } from './code.ts';
import { moduleOf } from './module.ts';

/** Code that is written operands first; lists are code in order. */
export type Code = ((code: WasmCode) => void) | readonly Code[];

function write(to: WasmCode, code: Code): void {
  if (typeof code === 'function') code(to);
  else for (const each of code) write(to, each);
}

export const i32 =
  (value: number): Code =>
  (code) =>
    code.i32(value);
export const i64 = (value: bigint): Code => {
  const [low, high] = [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
  return (code) => code.i64(low, high);
};

type Operator = (...operands: Code[]) => Code;

/** Instructions by the names of OP, on their operands. */
export const op = Object.fromEntries(
  Object.entries(OP).map(([name, opcode]): [string, Operator] => [
    name,
    (...operands) => [operands, (code) => code.op(opcode)],
  ]),
) as Readonly<Record<keyof typeof OP, Operator>>;

type Access = (offset: number, ...operands: Code[]) => Code;

/** Loads and stores by the names of MEMORY: a constant offset, the address, and the value. */
export const memory = Object.fromEntries(
  Object.entries(MEMORY).map(([name, opcode]): [string, Access] => [
    name,
    (offset, ...operands) => [operands, (code) => code.memory(opcode, offset)],
  ]),
) as Readonly<Record<keyof typeof MEMORY, Access>>;

/** The arms leave nothing on the stack. */
export const when = (condition: Code, then: Code, otherwise?: Code): Code => [
  condition,
  (code) => code.if(),
  then,
  otherwise === undefined ? [] : [(code) => code.op(OP.else), otherwise],
  (code) => code.op(OP.end),
];
/** `a` when the condition is not 0, else `b`; both are computed. */
export const select = (condition: Code, a: Code, b: Code): Code => [a, b, condition, (code) => code.op(OP.select)];
/** Ends the function. */
export const leave = (result: Code): Code => [result, (code) => code.op(OP.return)];

/** A variable of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

const localAt = (index: number): Local => ({
  get: (code) => code.get(index),
  set: (value) => [value, (code) => code.set(index)],
});

/** The variables of a function in the making. */
export class Frame {
  readonly params: readonly Local[];
  readonly locals: WasmType[] = [];

  constructor(params: number) {
    this.params = Array.from({ length: params }, (_, at) => localAt(at));
  }

  readonly i32 = (): Local => this.#local(I32);
  readonly i64 = (): Local => this.#local(I64);

  #local(type: WasmType): Local {
    this.locals.push(type);
    return localAt(this.params.length + this.locals.length - 1);
  }
}

/** Of a function with i32 parameters and an i32 result: how many, and what gives the result. */
export interface Definition {
  readonly params: number;
  body(frame: Frame): Code;
}

/** A module with a function and no imports but memory. */
export function moduleWith({ params, body }: Definition): Uint8Array {
  const frame = new Frame(params);
  const code = new WasmCode();
  write(code, body(frame));
  return moduleOf([], { signature: { params, result: true }, locals: frame.locals, body: code });
}
