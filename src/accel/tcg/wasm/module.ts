import { I32, OP, WasmCode, type WasmType } from './code.ts';

/** Of a function: so many i32 parameters, and an i32 result or none. */
export interface Signature {
  readonly params: number;
  readonly result: boolean;
}

/** A function that a module imports. */
export interface Import {
  readonly name: string;
  readonly signature: Signature;
}

/** The one function that a module has. */
export interface WasmFunction {
  readonly signature: Signature;
  /** Types of its locals behind the parameters. */
  readonly locals: readonly WasmType[];
  readonly body: WasmCode;
}

/** What a module imports besides memory and functions. */
export interface Shared {
  /** The signature of functions in the table, whose type stands behind those of the module's own functions. */
  readonly table?: Signature;
  /** Constants. */
  readonly globals?: readonly { readonly name: string; readonly type: WasmType }[];
}

const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const SECTION = { CUSTOM: 0, TYPE: 1, IMPORT: 2, FUNCTION: 3, EXPORT: 7, CODE: 10 } as const;
const KIND = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 } as const;
const FUNCREF = 0x70;

function text(code: WasmCode, name: string): void {
  code.unsigned(name.length);
  for (let at = 0; at < name.length; at++) code.byte(name.charCodeAt(at));
}

function section(module: WasmCode, id: number, fill: (content: WasmCode) => void): void {
  const content = new WasmCode();
  fill(content);
  module.byte(id);
  module.unsigned(content.length);
  module.append(content.bytes);
}

/** A vector of the binary format: how many, and each. */
function each<T>(code: WasmCode, items: readonly T[], write: (item: T, n: number) => void): void {
  code.unsigned(items.length);
  items.forEach(write);
}

/**
 * The bytes of a module (WebAssembly core 5.5). All imports are of `m`: functions first, which gives them their numbers,
 * then `memory`, constants, and the function table `table`. It exports one function as `f`: its own, or without one the
 * first import.
 */
export function moduleOf(
  functions: readonly Import[],
  own?: WasmFunction,
  { table, globals = [] }: Shared = {},
): Uint8Array {
  const module = new WasmCode();
  module.append(new Uint8Array(MAGIC));
  const signatures = [
    ...functions.map(({ signature }) => signature),
    ...(own === undefined ? [] : [own.signature]),
    ...(table === undefined ? [] : [table]),
  ];
  section(module, SECTION.TYPE, (types) =>
    each(types, signatures, ({ params, result }) => {
      types.byte(0x60);
      types.unsigned(params);
      for (let n = 0; n < params; n++) types.byte(I32);
      types.unsigned(result ? 1 : 0);
      if (result) types.byte(I32);
    }),
  );
  section(module, SECTION.IMPORT, (imports) => {
    imports.unsigned(functions.length + (own === undefined ? 0 : 1) + (table === undefined ? 0 : 1) + globals.length);
    const begin = (name: string, kind: number): void => {
      text(imports, 'm');
      text(imports, name);
      imports.byte(kind);
    };
    functions.forEach(({ name }, n) => {
      begin(name, KIND.FUNCTION);
      imports.unsigned(n);
    });
    if (own !== undefined) {
      begin('memory', KIND.MEMORY);
      imports.append(new Uint8Array([0, 0]));
    }
    for (const { name, type } of globals) {
      begin(name, KIND.GLOBAL);
      imports.append(new Uint8Array([type, 0]));
    }
    if (table !== undefined) {
      begin('table', KIND.TABLE);
      imports.append(new Uint8Array([FUNCREF, 0, 0]));
    }
  });
  if (own !== undefined)
    section(module, SECTION.FUNCTION, (indices) => each(indices, [functions.length], (n) => indices.unsigned(n)));
  section(module, SECTION.EXPORT, (exports) =>
    each(exports, ['f'], (name) => {
      text(exports, name);
      exports.byte(KIND.FUNCTION);
      exports.unsigned(own === undefined ? 0 : functions.length);
    }),
  );
  if (own !== undefined) {
    const code = new WasmCode();
    each(code, own.locals, (type) => {
      code.unsigned(1);
      code.byte(type);
    });
    code.appendCode(own.body);
    code.op(OP.end);
    if (code.hints.length > 0) section(module, SECTION.CUSTOM, (custom) => branchHints(custom, functions.length, code));
    section(module, SECTION.CODE, (codes) => {
      codes.unsigned(1);
      codes.unsigned(code.length);
      codes.append(code.bytes);
    });
  }
  return module.bytes;
}

/** The custom section with the hints in one function's code. */
function branchHints(section: WasmCode, number: number, { hints }: WasmCode): void {
  text(section, 'metadata.code.branch_hint');
  section.unsigned(1);
  section.unsigned(number);
  each(section, hints, ({ at, hint }) => {
    section.unsigned(at);
    section.unsigned(1);
    section.byte(hint);
  });
}
