import { W } from '../../../cpu/state.ts';
import type { CodeCache } from '../code-cache.ts';
import type { Environment } from '../environment.ts';
import { type Handler, INFO, R, STOP, WARM } from '../record.ts';
import { callsHelper, fitsRegion } from './calls.ts';
import { emitRegion, type RegionText } from './emit-region.ts';
import { EXIT, OWN, type RegionCode, type RegionEmitter, type RegionJob } from './emitter.ts';
import type { GraphRules } from './flow-graph.ts';
import type { Passes } from './passes.ts';
import type { JitStats } from './stats.ts';

/** V8 optimises functions of this size quickly and well. */
const LIMIT = 240;
const GUESSES = 8;

/** Makes regions as JavaScript, which V8 compiles. */
export class JsEmitter implements RegionEmitter {
  readonly #w: Int32Array;
  readonly #code: CodeCache;
  readonly #env: Environment;
  readonly #passes: Passes;
  readonly #stats: JitStats;
  readonly rules: GraphRules;

  constructor(
    w: Int32Array,
    code: CodeCache,
    env: Environment,
    passes: Passes,
    stats: JitStats,
    endsAt: (rec: number) => boolean,
  ) {
    this.#w = w;
    this.#code = code;
    this.#env = env;
    this.#passes = passes;
    this.#stats = stats;
    this.rules = {
      limit: LIMIT,
      guesses: GUESSES,
      holds: (ir) => ir.terminal.kind !== 'repeat' && fitsRegion(ir) && (passes['helper-calls'] || !callsHelper(ir)),
      endsAt,
    };
  }

  emit(job: RegionJob): RegionCode {
    const { graph, mode, name, speculation, guarded, hot, number } = job;
    const records = this.#code.store;
    const { functions } = records;
    const emitted = emitRegion(graph, mode, name, this.#passes, speculation, {
      guarded,
      hot,
      isUnaligned: (rec) => records.is(rec, INFO.UNALIGNED),
      isUnusualX87: (rec) => records.is(rec, INFO.UNUSUAL_X87),
    });
    const { text, uses, nodes, exits, assumed, isIndirect } = emitted;
    const own = new Int32Array(OWN.LINKS + exits.length);
    // No function that lives as long as the region sees its text.
    const run = this.#env.compileWith(text, uses, { own, number }) as Handler;
    const install = (): void => {
      this.#warm(own, { exits, isIndirect }, mode, run);
      functions.byNumber[number] = run;
    };
    const { length } = text;
    return {
      nodes,
      exits,
      assumed,
      own,
      language: 'JavaScript',
      length,
      characters: length,
      text: job.wantsText ? text : '',
      install,
      remove: () => {},
    };
  }

  /** Runs a region's beginning and ends: V8 would throw optimised code away that meets code without type feedback. */
  #warm(
    own: Int32Array,
    { exits, isIndirect }: Pick<RegionText, 'exits' | 'isIndirect'>,
    mode: number,
    run: Handler,
  ): void {
    const w = this.#w;
    const before = w.slice();
    const counts = this.#stats.counts.slice();
    const checked = own[OWN.CHECKED]!;
    const { recent, store } = this.#code;
    const [first] = recent;
    const { words: c, modes } = store;
    modes[c[WARM + R.page]!] = mode;
    w[W.budgetEnd] = -0x80000000;
    recent[0] = WARM;
    if (exits.length > 0) own[OWN.LINKS] = WARM;
    for (const exit of [
      EXIT.WARM,
      ...(exits.length > 0 ? [0] : []),
      ...(isIndirect ? [EXIT.INDIRECT] : []),
      EXIT.WARM,
    ]) {
      c[WARM + R.imm] = exit;
      c[WARM + R.heat] = -2;
      run(WARM);
      // The pages are looked up once.
      own[OWN.CHECKED] = ~checked;
    }
    recent[0] = first!;
    if (exits.length > 0) own[OWN.LINKS] = STOP;
    own[OWN.CHECKED] = checked;
    w.set(before);
    this.#stats.counts.set(counts);
  }
}
