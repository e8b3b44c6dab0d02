import { IrBuilder } from '../../../cpu/ir/block.ts';
import { W } from '../../../cpu/state.ts';
import { translateInsn } from '../../../cpu/translate.ts';
import type { WasmMemory } from '../../../memory/ram.ts';
import type { Environment } from '../environment.ts';
import type { Functions } from '../functions.ts';
import { callsHelper, fitsRegion } from '../jit/calls.ts';
import { OWN, type RegionCode, type RegionEmitter, type RegionJob } from '../jit/emitter.ts';
import type { FlowGraph, GraphRules } from '../jit/flow-graph.ts';
import type { Passes } from '../jit/passes.ts';
import type { KeptRegion } from '../kept/kept-region.ts';
import type { PlacedRegion } from '../kept/place-region.ts';
import { Bridge, type Linkable } from './bridge.ts';
import { emitWasm } from './emit-wasm.ts';
import { type Address, type Layout, LEFT } from './frame.ts';
import { listing } from './listing.ts';
import { withMovableAddresses } from './movable.ts';
import { isBulk } from './wasm-printer.ts';
import { WordPool } from './word-pool.ts';

/**
 * Instructions of a region at first, and of one that is entered often: large ones are left less, and take V8's second
 * compiler longer, for each byte as well (1 ms a KB for a region of 100, 2.6 for one of 240, 5 for one of 480).
 */
const LIMIT = 100;
const GROWN_LIMIT = 300;
/** They are found by a table. */
const GUESSES = 48;
/**
 * A module takes as much memory as so many characters of JavaScript, and so many for each byte of its code. Measured with
 * both of V8's compilers over 1,000 to 3,000 regions of 1,100 to 5,300 bytes: 25 KB, and 11 bytes.
 */
const CHARACTERS = { region: 3500, byte: 1.5 } as const;

/** Makes regions as WebAssembly: 64-bit registers are locals, and V8's first compiler is quick (docs/adr/0021). */
export class WasmEmitter implements RegionEmitter {
  readonly #layout: Layout;
  readonly #bridge: Bridge;
  readonly #pool: WordPool;
  readonly #passes: Passes;
  readonly #functions: Functions;
  readonly rules: GraphRules;

  constructor(layout: Layout, bridge: Bridge, pool: WordPool, passes: Passes, functions: Functions) {
    this.#layout = layout;
    this.#bridge = bridge;
    this.#pool = pool;
    this.#passes = passes;
    this.#functions = functions;
    const holds = (ir: IrBuilder): boolean => fitsRegion(ir, isBulk) && (passes['helper-calls'] || !callsHelper(ir));
    this.rules = {
      limit: LIMIT,
      grownLimit: GROWN_LIMIT,
      guesses: GUESSES,
      holds,
      translate: (insn) => translateInsn(withMovableAddresses(insn), new IrBuilder(true)),
    };
  }

  /** What code that is made now takes for granted. */
  get fingerprint(): string {
    return JSON.stringify([this.#layout, W, this.#passes]);
  }

  emit({
    graph,
    mode,
    number,
    guarded,
    hot,
    growsAt,
    name,
    wantsText,
    wantsModule,
  }: RegionJob): RegionCode | undefined {
    const own = this.#pool.take(OWN.LINKS + mostExits(graph));
    if (own === undefined) return undefined;
    const region = emitWasm(graph, mode, this.#passes, this.#layout, { guarded, hot, growsAt });
    const { code, locals, calls, nodes, exits } = region;
    if (OWN.LINKS + exits.length > own.length) throw new Error(`${name} has ${exits.length} exits: more than it can`);
    const module = this.#bridge.moduleOf(region);
    const codeLength = code.length;
    return {
      ...this.#link(number, graph.blocks[0]!, own, module, { nodes, exits, codeLength }),
      ...(wantsModule ? { module: { ...module, codeLength } } : {}),
      text: wantsText ? `${name}\n${listing(code, locals, calls.imports)}` : '',
    };
  }

  /**
   * The code of a region that an earlier run made, at an entry of this one; `ready` is its compiled module. Undefined where
   * there is no room for it, or its module is none of a region.
   */
  place(
    number: number,
    base: Address,
    { module }: KeptRegion,
    ready: object | undefined,
    { nodes, exits }: PlacedRegion,
  ): RegionCode | undefined {
    const own = this.#pool.take(OWN.LINKS + exits.length);
    if (own === undefined) return undefined;
    try {
      const { bytes, imports, codeLength } = module;
      const linkable = { bytes, imports, ...(ready && { ready }) };
      return this.#link(number, base, own, linkable, { nodes, exits, codeLength });
    } catch {
      this.#pool.giveBack(own);
      return undefined;
    }
  }

  // No function that lives as long as the region sees its code, which is some pages.
  #link(
    number: number,
    base: Address,
    own: Int32Array,
    linkable: Linkable,
    { nodes, exits, codeLength }: Parts,
  ): RegionCode {
    const runAt = this.#bridge.install(number, own.byteOffset, linkable);
    own[OWN.NUMBER] = number;
    const run = runAt(base);
    const { byNumber } = this.#functions;
    return {
      nodes,
      exits,
      assumed: [],
      own,
      language: 'WebAssembly',
      length: codeLength,
      characters: Math.round(CHARACTERS.region + CHARACTERS.byte * codeLength),
      text: '',
      install: () => {
        byNumber[number] = run;
      },
      moveTo: (entry) => {
        byNumber[number] = runAt(entry);
      },
      remove: () => {
        this.#bridge.remove(number);
        this.#pool.giveBack(own);
      },
    };
  }
}

/** What does not follow from a region's module. */
interface Parts extends Pick<RegionCode, 'nodes' | 'exits'> {
  readonly codeLength: number;
}

/** Each way out of a block may be a known exit; where loops are unrolled they lead to the same places. */
const mostExits = ({ blocks }: FlowGraph): number => 3 * blocks.length;

/** Words of regions, in all. */
const WORDS = 2 ** 19;

/** An emitter whose code lies beside RAM. */
export function newWasmEmitter(
  memory: WasmMemory,
  { names, arena }: Environment,
  functions: Functions,
  passes: Passes,
  words = WORDS,
): WasmEmitter {
  const at = (name: string): number => (names[name] as ArrayBufferView).byteOffset;
  const table = (name: string) => at(`${name}b`);
  const layout: Layout = {
    state: at('w'),
    tlb: { kr: table('kr'), kw: table('kw'), ur: table('ur'), uw: table('uw') },
    records: at('c'),
    live: at('live'),
    ipHighs: at('ipHighs'),
    modes: at('modes'),
    recent: at('recent'),
    counts: at('counts'),
    entered: at('entered'),
    epoch: at('epoch'),
    left: arena.takeWords(LEFT.length).byteOffset,
  };
  return new WasmEmitter(
    layout,
    new Bridge(memory, names, layout, passes['exit-links']),
    new WordPool(arena.takeWords(words)),
    passes,
    functions,
  );
}
