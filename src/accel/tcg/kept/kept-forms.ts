import { FORM_WORDS, isKeptForms } from './kept-forms-data.ts';

/** A form of the interpreter as text. */
export interface PrintedForm {
  /** `return (function ...)`. */
  readonly text: string;
  /** Names that it wants to be given. */
  readonly uses: ReadonlySet<string>;
  /** The instruction ends its block. */
  readonly endsBlock: boolean;
  /** The form as an arm, if it can be one. */
  readonly armText: string | undefined;
}

/** Forms as they are given to a later run: plain data. */
export interface KeptFormsData {
  /** What the texts take for granted; another one has no use for them. */
  readonly fingerprint: string;
  readonly texts: readonly { readonly text: string; readonly uses: readonly string[] }[];
  readonly arms: readonly string[];
  /** For each form: mode, row, shape, place of its text, place of its arm or -1, and 1 where it ends its block. */
  readonly forms: Float64Array;
  /** What V8 made of the first texts, as one script. */
  readonly code: Uint8Array;
  /** How many these are. */
  readonly compiled: number;
}

/** The host's way to have a script compiled once. */
export interface ScriptHost {
  /** What the script evaluates to; undefined where `code` is that of another one, or V8 does not take it. */
  run(text: string, code: Uint8Array): unknown;
  /** What V8 makes of the script, as far as it compiles at once. */
  codeOf(text: string): Uint8Array;
}

/** Makes a form's function of what `uses` is taken from. */
type Maker = (names: Readonly<Record<string, unknown>>) => unknown;

/** Texts that are kept, at most: some 600 characters each. */
const MOST = 6000;
/** So many of the texts may be without code before it is made anew. */
const STALE = 1 / 16;

const keyOf = (mode: number, row: number, shape: number): string => `${mode} ${row} ${shape}`;

/**
 * The interpreter's forms as earlier runs printed them, with what V8 made of them, and those of this one for later runs
 * (docs/adr/0026).
 */
export class KeptForms {
  readonly #host: ScriptHost;
  #loaded: KeptFormsData | undefined;
  #fingerprint = '';
  readonly #forms = new Map<string, PrintedForm>();
  readonly #words: number[] = [];
  /** Places by text. */
  readonly #texts = new Map<string, { readonly at: number; readonly uses: ReadonlySet<string> }>();
  readonly #arms = new Map<string, number>();
  #code: Uint8Array = new Uint8Array();
  #makers: readonly Maker[] = [];
  /** Forms that an earlier run had. */
  loaded = 0;

  /** @param data what `data` gave in an earlier run; anything else counts as nothing */
  constructor(host: ScriptHost, data?: unknown) {
    this.#host = host;
    if (isKeptForms(data)) this.#loaded = data;
  }

  /** Begins a run whose texts take for granted what the fingerprint says. */
  begin(fingerprint: string): void {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    if (this.#fingerprint === fingerprint) return;
    this.#fingerprint = fingerprint;
    this.#forms.clear();
    this.#words.length = 0;
    this.#texts.clear();
    this.#arms.clear();
    this.#makers = [];
    if (loaded?.fingerprint !== fingerprint) return;
    const { texts, arms, forms, code, compiled } = loaded;
    const uses = texts.map((one) => new Set(one.uses));
    texts.forEach(({ text }, at) => void this.#texts.set(text, { at, uses: uses[at]! }));
    arms.forEach((text, at) => void this.#arms.set(text, at));
    for (let n = 0; n < forms.length; n += FORM_WORDS) {
      const [mode, row, shape, text, arm, ends] = forms.subarray(n, n + FORM_WORDS) as unknown as number[];
      const armText = arms[arm!];
      const form = { text: texts[text!]!.text, uses: uses[text!]!, endsBlock: ends === 1, armText };
      this.#forms.set(keyOf(mode!, row!, shape!), form);
    }
    this.#words.push(...forms);
    this.loaded = this.#forms.size;
    const makers = this.#host.run(scriptOf(texts.slice(0, compiled)), code);
    if (Array.isArray(makers) && makers.length === compiled) {
      this.#makers = makers as Maker[];
      this.#code = new Uint8Array(code);
    }
  }

  at(mode: number, row: number, shape: number): PrintedForm | undefined {
    return this.#forms.get(keyOf(mode, row, shape));
  }

  /** What a text makes, where V8's code of it was kept. */
  compile(text: string, names: Readonly<Record<string, unknown>>): unknown {
    return this.#makers[this.#texts.get(text)?.at ?? -1]?.(names);
  }

  add(mode: number, row: number, shape: number, form: PrintedForm): void {
    if (this.#texts.size >= MOST) return;
    const { text, uses, armText, endsBlock } = form;
    this.#forms.set(keyOf(mode, row, shape), form);
    let known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, (known = { at: this.#texts.size, uses }));
    let arm = -1;
    if (armText !== undefined) {
      arm = this.#arms.get(armText) ?? this.#arms.size;
      this.#arms.set(armText, arm);
    }
    this.#words.push(mode, row, shape, known.at, arm, endsBlock ? 1 : 0);
  }

  /** So much is new that a later run should have it. */
  get isStale(): boolean {
    return this.#texts.size - this.#makers.length > this.#texts.size * STALE;
  }

  /** What a later run may begin with. V8 compiles all texts where too many of them have no code. */
  get data(): KeptFormsData {
    const texts = [...this.#texts].map(([text, { uses }]) => ({ text, uses: [...uses] }));
    const isStale = this.isStale;
    return {
      fingerprint: this.#fingerprint,
      texts,
      arms: [...this.#arms.keys()],
      forms: Float64Array.from(this.#words),
      code: isStale ? this.#host.codeOf(scriptOf(texts)) : this.#code,
      compiled: isStale ? texts.length : this.#makers.length,
    };
  }
}

/** A script that evaluates to the texts' makers. Brackets around functions tell V8 to compile them at once. */
const scriptOf = (texts: KeptFormsData['texts']): string =>
  `"use strict"; [${texts.map(({ text, uses }) => `(function (E) { const { ${uses.join(', ')} } = E; ${text} })`).join(',\n')}]`;
