import type { WasmMemory } from '../../../memory/ram.ts';
import type { Handler } from '../record.ts';
import { I32, I64, type WasmCode } from './code.ts';
import type { WasmRegion } from './emit-wasm.ts';
import { flagsModule } from './flags-module.ts';
import { type Address, GLOBALS, type Layout } from './frame.ts';
import { HANDLER, LEAVE, leaveModule } from './leave-module.ts';
import { type Import, moduleOf, type Signature } from './module.ts';
import { Modules } from './modules.ts';
import { exportOf, functionOf, newTable, type WasmTable } from './web-assembly.ts';

/** Constants of a region. */
const CONSTANTS = GLOBALS.map((name) => ({ name, type: name === 'base' ? I64 : I32 }) as const);
/** Functions by number that there is room for at first. */
const FIRST_NUMBERS = 4096;

/** The functions that a region calls; what it calls first has the lowest number. */
export class Calls {
  readonly imports: Import[] = [];
  readonly #numbers = new Map<string, number>();

  /** Prints the call of a function by name; its arguments are on the stack. */
  call(code: WasmCode, name: string, signature: Signature): void {
    code.call(this.#numberOf(name, signature));
  }

  /** Ends the region: see `leaveModule`, whose parameters are on the stack. */
  leave(code: WasmCode): void {
    code.returnCall(this.#numberOf('leave', LEAVE));
  }

  #numberOf(name: string, signature: Signature): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.imports.push({ name, signature }) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }
}

/** A module, and the functions that it wants to be given. */
export interface Linkable {
  readonly bytes: Uint8Array;
  readonly imports: readonly Import[];
  /** The module, where it is compiled already. */
  readonly ready?: object;
}

/** What emitted WebAssembly and the rest of the program call each other through. */
export class Bridge {
  readonly #memory: WasmMemory;
  readonly #names: Readonly<Record<string, unknown>>;
  /**
   * By the numbers of functions: emitted ones, and elsewhere the one that gives its record back. One function alone looks
   * there: V8 keeps a copy of a table for each module that does.
   */
  readonly #byNumber: WasmTable;
  readonly #modules = new Modules();
  /** Functions that regions import. */
  readonly #importable = new Map<string, CallableFunction>();
  readonly #back: CallableFunction;

  /** `names`: what emitted code may call; `linked`: exits remember what they led to. */
  constructor(memory: WasmMemory, names: Readonly<Record<string, unknown>>, layout: Layout, linked: boolean) {
    this.#memory = memory;
    this.#names = names;
    this.#back = pass((i: number) => i, HANDLER);
    this.#byNumber = newTable(FIRST_NUMBERS, this.#back);
    const flagsOf = this.#functionFor({ name: 'flagsOf', signature: { params: 0, result: true } });
    const finish = this.#functionFor({ name: 'finish', signature: LEAVE });
    const shared = { memory, table: this.#byNumber, finish };
    this.#importable.set('leave', functionOf(leaveModule(layout, linked), shared));
    this.#importable.set('flagsOf', functionOf(flagsModule(layout.state), { memory, flagsOf }));
  }

  /** A module of a region's code. */
  moduleOf({ locals, code, calls }: Pick<WasmRegion, 'locals' | 'code' | 'calls'>): Linkable {
    const { imports } = calls;
    const bytes = moduleOf(imports, { signature: HANDLER, locals, body: code }, { globals: CONSTANTS });
    return { bytes, imports };
  }

  /**
   * Makes a region's function of its module where what is given is told the address of its entry; it is called by this number
   * from then on. Told another address, it does so once more.
   * @throws Error when the module imports what does not exist; so does what is given when the module is none of a region
   */
  install(number: number, words: number, { bytes, imports, ready }: Linkable): (entry: Address) => Handler {
    const module = this.#modules.of(bytes, ready);
    const functions = Object.fromEntries(imports.map((wanted) => [wanted.name, this.#functionFor(wanted)]));
    const { length } = this.#byNumber;
    if (number >= length) this.#byNumber.grow(number, this.#back);
    return ({ low, high }) => {
      const base = (BigInt(high) << 32n) | BigInt(low >>> 0);
      const run = exportOf(module, { ...functions, memory: this.#memory, base, number, own: words });
      this.#byNumber.set(number, run);
      return run as Handler;
    };
  }

  /** The function with this number is emitted code no more. */
  remove(number: number): void {
    this.#byNumber.set(number, this.#back);
  }

  #functionFor({ name, signature }: Import): CallableFunction {
    let found = this.#importable.get(name);
    if (found === undefined) {
      const callee = this.#names[name];
      if (typeof callee !== 'function') throw new Error(`emitted code names ${name}, which does not exist`);
      this.#importable.set(name, (found = pass(callee as CallableFunction, signature)));
    }
    return found;
  }
}

/** A JavaScript function as one of WebAssembly: V8 compiles what leads there once, not for each module. */
const pass = (callee: CallableFunction, signature: Signature): CallableFunction =>
  functionOf(moduleOf([{ name: 'callee', signature }]), { callee });
