import type { Insn, Operand } from '../../cpu/insn.ts';
import { MODE } from '../../cpu/mode.ts';
import { W } from '../../cpu/state.ts';
import { translateInsn } from '../../cpu/translate.ts';
import { type Arm, printArm } from './arm-printer.ts';
import { JsPrinter } from './emit-js.ts';
import type { Environment } from './environment.ts';
import type { Hotness } from './jit/hot.ts';
import type { KeptForms, PrintedForm } from './kept/kept-forms.ts';
import { GLUE_ARM, type Handler, INFO, R } from './record.ts';
import { fromRecord, type RecordName, readRecord } from './record-text.ts';
import type { Records } from './records.ts';

export interface Form {
  /** Of its function. */
  readonly number: number;
  /** The instruction ends its block. */
  readonly endsBlock: boolean;
  readonly mode: number;
  /** The form as an arm, if it can be one. */
  readonly armText: string | undefined;
}

/**
 * The interpreter, printed from the rows. A form is a row with its operand kinds, sizes and mode, but with
 * register numbers, displacements and immediates left open: those become words of the instruction's record.
 * Each form is translated and compiled once, when the first instruction of its shape is decoded.
 */
export class Forms {
  readonly #env: Environment;
  readonly #records: Records;
  readonly #hot: Hotness;
  /** What earlier runs printed; undefined where it is not to be used. */
  readonly kept: KeptForms | undefined;
  /** mode -> row id -> shape -> form. */
  readonly #byMode = new Map<number, Map<number, Form>[]>();
  /** Forms of different modes often have the same text. */
  readonly #handlers = new Map<string, Handler>();
  readonly #all: Form[] = [];
  /** By code size and ring: arm numbers by text. */
  readonly #arms: (ReadonlyMap<string, number> | undefined)[] = [];
  count = 0;
  /** Receives the text of each form when `--dump-jit` asks for it. */
  dump: ((name: string, text: string) => void) | undefined;

  constructor(env: Environment, records: Records, hot: Hotness, kept?: KeptForms) {
    this.#env = env;
    this.#records = records;
    this.#hot = hot;
    this.kept = kept;
    kept?.begin([MODE.CODE_16, MODE.CODE_32, MODE.CODE_64].map(hot).join(' '));
  }

  /** The instruction's form; its numbers are put into `record`. */
  bind(insn: Insn, record: number): Form {
    fillRecord(insn, this.#records.words, record);
    let rows = this.#byMode.get(insn.mode);
    if (rows === undefined) this.#byMode.set(insn.mode, (rows = []));
    const shapes = (rows[insn.row.id] ??= new Map());
    const key = shapeKey(insn);
    let form = shapes.get(key);
    if (form === undefined) {
      form = this.#make(insn, key);
      shapes.set(key, form);
    }
    return form;
  }

  /** The forms of some instructions as arms, in the order of their numbers; none twice. */
  armsOf(insns: Iterable<Insn>): Arm[] {
    const arms = new Map<string, Arm>();
    for (const insn of insns) {
      const arm = printArm(translateInsn(symbolise(insn)), insn.mode);
      if (arm !== undefined) arms.set(arm.text, arm);
    }
    return [...arms.values()];
  }

  /** There is a loop with these arms, that of glue first, for a code size and ring (bits of the mode): forms get their numbers. */
  numberArms(key: number, arms: readonly Arm[]): void {
    this.#arms[key] = new Map(arms.map(({ text }, n) => [text, GLUE_ARM + n]));
    for (const form of this.#all) this.#records.functions.setArm(form.number, this.#armNumber(form));
  }

  #armNumber({ mode, armText }: { mode: number; armText: string | undefined }): number {
    return armText === undefined ? 0 : (this.#arms[mode & (MODE.CODE | MODE.USER)]?.get(armText) ?? 0);
  }

  /** Forgets all. There must be no record. */
  clear(): void {
    for (const { number } of this.#all) this.#records.functions.remove(number);
    this.#byMode.clear();
    this.#handlers.clear();
    this.#all.length = 0;
    this.count = 0;
  }

  #make(insn: Insn, shape: number): Form {
    const { mode, row } = insn;
    let printed = this.kept?.at(mode, row.id, shape);
    if (printed === undefined) {
      printed = this.#print(insn);
      this.kept?.add(mode, row.id, shape, printed);
    }
    const { text, uses, endsBlock, armText } = printed;
    this.count++;
    let handler = this.#handlers.get(text);
    if (handler === undefined) {
      this.dump?.(nameOf(insn), text);
      handler = (this.kept?.compile(text, this.#env.names) ?? this.#env.compile(text, uses)) as Handler;
      this.#handlers.set(text, handler);
    }
    const number = this.#records.functions.add(handler, this.#armNumber({ mode, armText }));
    const form = { number, endsBlock, mode, armText };
    this.#all.push(form);
    return form;
  }

  #print(insn: Insn): PrintedForm {
    const symbolic = symbolise(insn);
    const ir = translateInsn(symbolic);
    const printer = new JsPrinter(ir, insn.mode).body();
    const { lines, uses } = printer;
    const { terminal } = ir;
    const long = (insn.mode & MODE.CODE) === MODE.CODE_64;
    const enter = `if ((w[${W.budget}] -= c[t | ${R.left}]) >= w[${W.budgetEnd}]) return ++c[t | ${R.heat}] === ${this.#hot(insn.mode)} ? promote(t) : t;`;
    const follow = [
      `const t = c[i | ${R.link}];`,
      `if (live[c[t | ${R.page}]] !== 0) {`,
      enter,
      'return stop(t);',
      '}',
      'return follow(i);',
    ];
    const fall = [
      `const n = c[i | ${R.next}];`,
      `if (n !== 0) { if ((w[${W.budget}] -= c[n | ${R.left}]) >= w[${W.budgetEnd}]) return n; return stop(n); }`,
      'return fall(i);',
    ];
    switch (terminal.kind) {
      case 'next':
        lines.push(`return c[i | ${R.next}];`);
        break;
      case 'jump':
        uses.add('live').add('stop').add('follow').add('promote');
        lines.push(...follow);
        break;
      case 'branch':
        uses.add('live').add('stop').add('follow').add('fall').add('promote');
        lines.push(`if (${printer.i32(terminal.condition)} !== 0) {`, ...follow, '}', ...fall);
        break;
      case 'repeat':
        uses.add('interrupted').add('stop').add('fall');
        lines.push(
          `if (${printer.i32(terminal.condition)} !== 0) { if (--w[${W.budget}] >= w[${W.budgetEnd}]) return i; return interrupted(i); }`,
          ...fall,
        );
        break;
      case 'indirect': {
        uses.add('live').add('ipHighs').add('stop').add('enterVia').add('promote');
        const low = printer.low(terminal.target);
        const high = long ? printer.high(terminal.target) : '0';
        lines.push(
          `const t = c[i | ${R.link}];`,
          `if (live[c[t | ${R.page}]] !== 0 && c[t | ${R.ip}] === ${low} && ipHighs[c[t | ${R.page}]] === ${high}) {`,
          enter,
          'return stop(t);',
          '}',
          `return enterVia(i, ${low}, ${high});`,
        );
        break;
      }
      case 'exit':
        lines.push('return 0;');
        break;
      case 'sync':
        lines.push(`w[${W.rip}] = next; w[${W.rip + 1}] = ${long ? 'nextHigh' : '0'}; return 0;`);
        break;
    }
    uses.add('c').add('ipHighs');
    return {
      text: `return (function ${nameOf(insn)}(i) {\n${readRecord(lines)}\n${lines.join('\n')}\n});`,
      uses,
      endsBlock: terminal.kind !== 'next',
      armText: printArm(ir, insn.mode)?.text,
    };
  }
}

const nameOf = ({ row, operandSize }: Insn): string => `${row.mnemonic.replace(/\W/g, '_')}_${operandSize * 8}`;

/** Where the registers of operands stand, by position; a memory operand's base is one. */
const REGISTER = ['ra', 'rb', 'rc', 'rc'] as const satisfies readonly RecordName[];
const KIND_CODE: Record<Operand['kind'], number> = {
  gpr: 1,
  mem: 3,
  imm: 4,
  sreg: 5,
  creg: 5,
  dreg: 5,
  st: 5,
  mmx: 6,
  xmm: 7,
  rel: 5,
  far: 5,
};
const LOG2 = [0, 0, 1, 0, 2, 0, 0, 0, 3];

/** Everything of an instruction that its form's text depends on, as one number. */
export function shapeKey(insn: Insn): number {
  const { options } = insn.row;
  let key =
    LOG2[insn.operandSize]! | (LOG2[insn.addressSize]! << 2) | (insn.rep === 0 ? 0 : insn.rep === 0xf2 ? 16 : 32);
  let shift = 6;
  let immediate = 0;
  let first: Operand | undefined;
  for (const operand of insn.operands) {
    let code: number = KIND_CODE[operand.kind];
    if (operand.kind === 'rel' && insn.targetFaults) code = 6;
    if (operand.kind === 'gpr' && operand.high) code = 2;
    if (operand.kind === 'mem') {
      key |=
        ((operand.base !== undefined ? 1 : 0) |
          (operand.index !== undefined ? 2 : 0) |
          (operand.scale !== 0 ? 4 : 0) |
          (operand.disp !== 0 || operand.dispHigh !== 0 ? 8 : 0) |
          (operand.seg << 4)) <<
        18;
    }
    if (operand.kind === 'imm' && options.byImmediate === true) immediate = (operand.low as number) & 0xff;
    if (options.byRegister === true && first !== undefined && sameRegister(first, operand)) key |= 1 << 25;
    first ??= operand;
    key |= code << shift;
    shift += 3;
  }
  // XLAT and MASKMOVQ reach memory without an operand for it.
  if (!insn.operands.some(({ kind }) => kind === 'mem')) key |= (insn.segOverride + 1) << 18;
  return key + immediate * 0x4000000;
}

const sameRegister = (a: Operand, b: Operand): boolean =>
  'reg' in a && 'reg' in b && a.kind === b.kind && a.reg === b.reg;

/** Words from one register of a kind to the next. */
const STRIDE: Partial<Record<Operand['kind'], number>> = { gpr: 2, xmm: 4, mmx: 4 };

/** The instruction with its numbers replaced by names for what its record holds (record-text.ts). */
export function symbolise(insn: Insn): Insn {
  const { options } = insn.row;
  const long = (insn.mode & MODE.CODE) === MODE.CODE_64;
  const operands = insn.operands.map((operand, n): Operand => {
    switch (operand.kind) {
      case 'mem':
        return {
          ...operand,
          base: operand.base === undefined ? undefined : fromRecord(REGISTER[n]!),
          index: operand.index === undefined ? undefined : fromRecord('index'),
          scale: operand.scale === 0 ? 0 : fromRecord('scale'),
          disp: operand.disp === 0 && operand.dispHigh === 0 ? 0 : fromRecord('disp'),
          dispHigh: operand.disp === 0 && operand.dispHigh === 0 ? 0 : fromRecord('dispHigh'),
        };
      case 'imm':
        if (options.byImmediate === true) return operand;
        // ENTER has two immediates, neither wider than a word.
        if (n > 0 && insn.operands[n - 1]!.kind === 'imm') return { ...operand, low: fromRecord('immHigh'), high: 0 };
        return { ...operand, low: fromRecord('imm'), high: operand.size === 8 ? fromRecord('immHigh') : 0 };
      case 'far':
        return { ...operand, selector: fromRecord('immHigh'), offset: fromRecord('imm') };
      case 'rel':
        return operand;
      default:
        // Rows that ask see the same field twice when the registers are the same.
        if (options.byRegister === true && n > 0 && sameRegister(insn.operands[0]!, operand))
          return { ...operand, reg: fromRecord(REGISTER[0]) };
        return { ...operand, reg: fromRecord(REGISTER[n]!) };
    }
  });
  return {
    ...insn,
    operands,
    ip: [fromRecord('ip'), long ? fromRecord('ipHigh') : 0],
    next: [fromRecord('next'), long ? fromRecord('nextHigh') : 0],
    target: [fromRecord('imm'), fromRecord('immHigh')],
  };
}

/** Puts the numbers that `symbolise` left open into the record. */
function fillRecord(insn: Insn, c: Int32Array, i: number): void {
  const { operands } = insn;
  for (let n = 0; n < operands.length; n++) {
    const operand = operands[n]!;
    switch (operand.kind) {
      case 'mem':
        if (operand.base !== undefined) c[i + R[REGISTER[n]!]] = (operand.base as number) * 2;
        if (operand.index !== undefined) c[i + R.index] = (operand.index as number) * 2;
        c[i + R.info] = c[i + R.info]! | ((operand.scale as number) << INFO.SCALE_SHIFT);
        c[i + R.disp] = operand.disp as number;
        c[i + R.dispHigh] = operand.dispHigh as number;
        if (operand.relative) c[i + R.info] = c[i + R.info]! | INFO.RELATIVE_DISP;
        break;
      case 'imm':
        if (n > 0 && operands[n - 1]!.kind === 'imm') {
          c[i + R.immHigh] = operand.low as number;
          break;
        }
        c[i + R.imm] = operand.low as number;
        c[i + R.immHigh] = operand.high as number;
        break;
      case 'far':
        c[i + R.imm] = operand.offset as number;
        c[i + R.immHigh] = operand.selector as number;
        break;
      case 'rel':
        c[i + R.imm] = insn.target[0] as number;
        c[i + R.immHigh] = insn.target[1] as number;
        c[i + R.info] = c[i + R.info]! | INFO.RELATIVE_IMM;
        break;
      default:
        c[i + R[REGISTER[n]!]] = (operand.reg as number) * (STRIDE[operand.kind] ?? 1);
    }
  }
}
