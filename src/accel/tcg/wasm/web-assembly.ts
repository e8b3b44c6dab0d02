import type { WasmMemory } from '../../../memory/ram.ts';

/** The part of the WebAssembly JavaScript interface that emu uses; Node's types do not name it. */
export interface WasmTable {
  readonly length: number;
  grow(by: number, value: CallableFunction): number;
  set(index: number, value: CallableFunction): void;
}

interface Interface {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, CallableFunction>> };
  readonly CompileError: new () => Error;
  compile(bytes: Uint8Array): Promise<object>;
  readonly Table: new (descriptor: { element: 'anyfunc'; initial: number }, value: CallableFunction) => WasmTable;
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: Interface };
const { Module, Instance, Table, CompileError } = WebAssembly;

export const newTable = (initial: number, value: CallableFunction): WasmTable =>
  new Table({ element: 'anyfunc', initial }, value);

/** What a module may be given of `m`. */
export type Imports = Readonly<Record<string, WasmMemory | WasmTable | CallableFunction | number | bigint>>;

/** @throws CompileError */
export const compile = (bytes: Uint8Array): object => new Module(bytes);

/** Compiles in the background; undefined for bytes that are no module. */
export const compileLater = (bytes: Uint8Array): Promise<object | undefined> =>
  WebAssembly.compile(bytes).catch(() => undefined);

/** What a module exports as `f`. @throws LinkError */
export const exportOf = (module: object, imports: Imports): CallableFunction =>
  new Instance(module, { m: imports }).exports.f!;

/** Compiles a module, and gives what it exports as `f`. @throws CompileError, LinkError */
export const functionOf = (bytes: Uint8Array, imports: Imports): CallableFunction => exportOf(compile(bytes), imports);

/** Whether the host takes a module. */
export function compiles(module: Uint8Array): boolean {
  try {
    return new Module(module) !== undefined;
  } catch (error) {
    if (error instanceof CompileError) return false;
    throw error;
  }
}
