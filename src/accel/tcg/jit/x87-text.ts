import { loadConstant } from '../../../cpu/softfloat/index.ts';
import { C0, C1, C2, C3, PE } from '../../../cpu/softfloat/status.ts';
import { FLAG, W } from '../../../cpu/state.ts';

const SIGN = 0x8000;
const BIAS = 16383;
const USUAL = 0x37f;
/** From the exponent of a format to that of a register. */
const FROM_F64 = BIAS - 1023;
const FROM_F32 = BIAS - 127;
/** Where a memory operand is widened to. */
const OPERAND = String(W.scratch);

/** What the text of an instruction is made from. */
export interface X87Words {
  /** First state word of ST(i), as text; ST(7) is where a push goes. */
  st(i: number): string;
  /** A known argument. */
  known(at: number): number;
  /** Halves of an argument that is a value. */
  low(at: number): string;
  high(at: number): string;
  /** Statements that call the helper, and give its result the name. */
  readonly slow: string;
  /** What the result is called, and how other names begin. */
  readonly name: string;
}

type Text = (words: X87Words) => string;

const copy = (d: string, a: string): string =>
  `w[${d}] = w[${a}]; w[${d} + 1] = w[${a} + 1]; w[${d} + 2] = w[${a} + 2];`;
const put = (d: string, lo: string, hi: string, se: string): string =>
  `w[${d}] = ${lo}; w[${d} + 1] = ${hi}; w[${d} + 2] = ${se};`;
const status = (bits: string): string => `w[${W.fsw}] = w[${W.fsw}] & ${~C1}${bits === '' ? '' : ` | ${bits}`};`;

/** What the text names, with x87Settle: the functions of unit.ts. */
export const X87_FUNCTIONS = ['x87Add', 'x87Subtract', 'x87Multiply', 'x87Divide', 'x87Order'];

/** Unit functions by the number of the operation, and whether they take the operands in reverse. */
const UNIT: Readonly<Record<number, readonly [name: string, reversed: boolean]>> = {
  0: ['x87Add', false],
  1: ['x87Multiply', false],
  4: ['x87Subtract', false],
  5: ['x87Subtract', true],
  6: ['x87Divide', false],
  7: ['x87Divide', true],
};

function operate(operation: number, d: string, a: string, b: string): string {
  const [name, reversed] = UNIT[operation]!;
  return `${name}(${d}, ${reversed ? `${b}, ${a}` : `${a}, ${b}`})`;
}

/** A number in memory's format: statements that bind what the rest names, tests, and the register's words and sign. */
interface Widened {
  readonly bind: string;
  readonly isNormal: string;
  readonly isZero: string;
  readonly words: readonly [lo: string, hi: string, se: string];
  readonly sign: string;
}

const double = (low: string, high: string, name: string): Widened => ({
  bind: `const ${name}e = ${high} >>> 20 & 0x7ff;`,
  isNormal: `(${name}e + 1 & 0x7ff) > 1`,
  isZero: `(${high} << 1 | ${low}) === 0`,
  words: [
    `${low} << 11`,
    `${-0x80000000} | ${high} << 11 | ${low} >>> 21`,
    `${high} >>> 16 & ${SIGN} | ${name}e + ${FROM_F64}`,
  ],
  sign: `${high} >>> 16 & ${SIGN}`,
});

const single = (value: string, name: string): Widened => ({
  bind: `const ${name}e = ${value} >>> 23 & 0xff;`,
  isNormal: `(${name}e + 1 & 0xff) > 1`,
  isZero: `${value} << 1 === 0`,
  words: ['0', `${-0x80000000} | ${value} << 8`, `${value} >>> 16 & ${SIGN} | ${name}e + ${FROM_F32}`],
  sign: `${value} >>> 16 & ${SIGN}`,
});

const load = ({ st, slow }: X87Words, { bind, isNormal, isZero, words, sign }: Widened): string =>
  [
    bind,
    `if (${isNormal}) { ${put(st(7), ...words)} }`,
    `else if (${isZero}) { ${put(st(7), '0', '0', sign)} }`,
    `else { ${slow} }`,
  ].join('\n');

const withOperand = ({ st, slow, known }: X87Words, { bind, isNormal, words }: Widened): string =>
  [
    bind,
    put(OPERAND, ...words),
    `if (!(${isNormal}) || ${operate(known(0), st(0), st(0), OPERAND)} === 0) { ${slow} }`,
  ].join('\n');

/** Statements that find the parts of a register, rounded to fewer bits, of which `cut` are lost. */
const parts = (a: string, n: string): string =>
  `const ${n}a = w[${a}], ${n}b = w[${a} + 1], ${n}s = w[${a} + 2], ${n}e = ${n}s & 0x7fff;`;
const inexact = (n: string, exact: string): string => `${exact} ? 0 : ${n}u !== 0 ? ${PE | C1} : ${PE}`;

const storeDouble: Text = ({ st, name: n, slow }) =>
  [
    parts(st(0), n),
    `let ${n}l, ${n}h;`,
    `if (${n}b < 0 && ${n}e - ${FROM_F64 + 1} >>> 0 < 0x7fd) {`,
    `const ${n}c = ${n}a & 0x7ff, ${n}u = ${n}c > 0x400 || ${n}c === 0x400 && (${n}a & 0x800) !== 0 ? 1 : 0;`,
    `${n}l = (${n}b << 21 | ${n}a >>> 11) + ${n}u | 0;`,
    // A carry out of the fraction makes it zero and the exponent one more.
    `${n}h = ((${n}s & ${SIGN}) << 16 | ${n}e - ${FROM_F64} << 20 | ${n}b >>> 11 & 0xfffff) + (${n}u & (${n}l === 0 | 0)) | 0;`,
    status(`(${inexact(n, `${n}c === 0`)})`),
    `} else if ((${n}a | ${n}b | ${n}e) === 0) { ${n}l = 0; ${n}h = ${n}s << 16; ${status('')} }`,
    `else { ${slow} }`,
  ].join('\n');

const storeSingle: Text = ({ st, name: n, slow }) =>
  [
    parts(st(0), n),
    `let ${n};`,
    `if (${n}b < 0 && ${n}e - ${FROM_F32 + 1} >>> 0 < 0xfd) {`,
    `const ${n}c = ${n}b & 0xff, ${n}u = ${n}c > 0x80 || ${n}c === 0x80 && (${n}a | ${n}b & 0x100) !== 0 ? 1 : 0;`,
    `${n} = ((${n}s & ${SIGN}) << 16 | ${n}e - ${FROM_F32} << 23 | ${n}b >>> 8 & 0x7fffff) + ${n}u | 0;`,
    status(`(${inexact(n, `(${n}c | ${n}a) === 0`)})`),
    `} else if ((${n}a | ${n}b | ${n}e) === 0) { ${n} = ${n}s << 16; ${status('')} }`,
    `else { ${slow} }`,
  ].join('\n');

/** Of 32 bits; longer ones are for the helper. */
const loadInteger: Text = ({ st, low, high, name: n, slow }) =>
  [
    `if (${high(0)} !== ${low(0)} >> 31) { ${slow} }`,
    `else if (${low(0)} === 0) { ${put(st(7), '0', '0', '0')} }`,
    `else { const ${n}a = ${low(0)} < 0 ? -${low(0)} | 0 : ${low(0)}, ${n}n = Math.clz32(${n}a);`,
    `${put(st(7), '0', `${n}a << ${n}n`, `${low(0)} >>> 16 & ${SIGN} | ${BIAS + 31} - ${n}n`)} }`,
  ].join('\n');

const compared = ({ st, known, name, slow }: X87Words, act: string): string =>
  [`const ${name}o = x87Order(${st(0)}, ${st(known(1))});`, `if (${name}o === -2) { ${slow} } else { ${act} }`].join(
    '\n',
  );

const constant: Text = ({ st, known }) => {
  const words = new Int32Array(3);
  loadConstant(words, 0, known(0), USUAL);
  return put(st(7), String(words[0]), String(words[1]), String(words[2]));
};

/** Text in place of the helpers' calls, which does what they do to registers, FSW and the result; not the pushes and pops. */
export const X87_TEXT: Readonly<Record<string, Text>> = {
  x87Binary: ({ st, known, slow }) =>
    `if (${operate(known(0), st(known(1)), st(known(2)), st(known(3)))} === 0) { ${slow} }`,
  x87BinaryF32: (words) => withOperand(words, single(words.low(1), words.name)),
  x87BinaryF64: (words) => withOperand(words, double(words.low(1), words.high(1), words.name)),
  x87Compare: (words) => {
    const bits = `(${words.name}o === 0 ? ${C3} : ${words.name}o < 0 ? ${C0} : 0)`;
    return compared(words, `w[${W.fsw}] = w[${W.fsw}] & ${~(C0 | C1 | C2 | C3)} | ${bits};`);
  },
  x87CompareFlags: (words) => {
    const { name } = words;
    return `let ${name};\n${compared(words, `${name} = ${name}o === 0 ? ${FLAG.ZF} : ${name}o < 0 ? ${FLAG.CF} : 0;`)}`;
  },
  x87ChangeSign: ({ st }) => `w[${st(0)} + 2] ^= ${SIGN};`,
  x87Absolute: ({ st }) => `w[${st(0)} + 2] &= ${SIGN - 1};`,
  x87LoadRegister: ({ st, known }) => copy(st(7), st(known(0))),
  x87LoadF32: (words) => load(words, single(words.low(0), words.name)),
  x87LoadF64: (words) => load(words, double(words.low(0), words.high(0), words.name)),
  x87LoadInteger: loadInteger,
  x87LoadConstant: constant,
  x87StoreRegister: ({ st, known }) => (known(0) === 0 ? '' : copy(st(known(0)), st(0))),
  x87StoreF32: storeSingle,
  x87StoreF64: storeDouble,
  x87Exchange: ({ st, known, name: n }) =>
    known(0) === 0
      ? ''
      : [
          `const ${n}a = w[${st(0)}], ${n}b = w[${st(0)} + 1], ${n}s = w[${st(0)} + 2];`,
          copy(st(0), st(known(0))),
          put(st(known(0)), `${n}a`, `${n}b`, `${n}s`),
        ].join('\n'),
};
