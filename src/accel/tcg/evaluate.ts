import { arithmeticFlags, condition, setCarries } from '../../cpu/flags.ts';
import type { Inst, IrBuilder, Known, Slot } from '../../cpu/ir/block.ts';
import { OPS } from '../../cpu/ir/ops.ts';
import { MODE } from '../../cpu/mode.ts';
import { W } from '../../cpu/state.ts';
import { HOW, type Mmu } from '../../mmu/mmu.ts';

type Helper = (...args: number[]) => number | undefined;
type Scalar = number | bigint;

const low32 = (value: Scalar): number => (typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value)));
const high32 = (value: Scalar): number => (typeof value === 'number' ? 0 : Number(BigInt.asIntN(32, value >> 32n)));
const join = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** What evaluation reads and writes. */
export interface Evaluation {
  readonly w: Int32Array;
  readonly mmu: Mmu;
  readonly helpers: Readonly<Record<string, unknown>>;
}

/**
 * Runs IR by its definition: the `eval` column, one instruction after the other, no TLB, no caching.
 * Slow and obvious; what every other tier is compared with. Returns the value that the terminal asks for,
 * or 0.
 */
export function evaluate(ir: IrBuilder, on: Evaluation, mode: number): Scalar {
  const { w, helpers } = on;
  const values: Scalar[] = new Array(ir.insts.length);
  const at = ({ word, param }: Slot): number => {
    if (param !== null) throw new Error('the evaluator runs concrete IR only');
    return word;
  };
  const number = (value: Known): number => {
    if (typeof value === 'number') return value;
    throw new Error('the evaluator runs concrete IR only');
  };

  const run = (inst: Inst, n: number): void => {
    switch (inst.op) {
      case 'const':
        values[n] = inst.type === 'i64' ? join(number(inst.low), number(inst.high)) : number(inst.low) | 0;
        return;
      case 'pure':
        values[n] = (OPS[inst.name].eval as (...args: Scalar[]) => Scalar)(...inst.args.map((arg) => values[arg]!));
        return;
      case 'get': {
        const word = at(inst.slot);
        values[n] = inst.type === 'i64' ? join(w[word]!, w[word + 1]!) : w[word]!;
        return;
      }
      case 'set': {
        const value = values[inst.value]!;
        w[at(inst.slot)] = low32(value);
        if (typeof value === 'bigint') w[at(inst.slot) + 1] = high32(value);
        return;
      }
      case 'load':
        values[n] = load(on, values[inst.address]!, inst, mode);
        return;
      case 'store':
        store(on, values[inst.address]!, values[inst.value]!, inst, mode);
        return;
      case 'setFlags': {
        const result = values[inst.result]!;
        w[W.flagKind] = inst.kind;
        w[W.flagRes] = low32(result);
        w[W.flagRes + 1] = (inst.kind & 3) === 3 ? high32(result) : low32(result) >> 31;
        if (inst.a !== null) setPair(w, W.flagA, values[inst.a]!);
        if (inst.b !== null) setPair(w, W.flagB, values[inst.b]!);
        return;
      }
      case 'cond':
        values[n] = condition(w, number(inst.cc));
        return;
      case 'getFlags':
        values[n] = arithmeticFlags(w) & inst.mask;
        return;
      case 'putFlags':
        w[W.flagKind] = 0;
        w[W.flagA] = low32(values[inst.value]!);
        return;
      case 'putCarries':
        setCarries(w, low32(values[inst.value]!));
        return;
      case 'call': {
        const args = inst.args.flatMap((arg) => {
          if (typeof arg !== 'number') return [number(arg.known)];
          const value = values[arg]!;
          return typeof value === 'bigint' ? [low32(value), high32(value)] : [value];
        });
        const result = (helpers[inst.helper] as Helper)(...args);
        if (inst.type === 'i64') values[n] = join(result!, w[W.hi]!);
        else if (inst.type === 'i32') values[n] = result! | 0;
        return;
      }
      case 'fault':
        if (values[inst.condition] !== 0) (helpers.raise as Helper)(inst.vector, 0);
        return;
      default:
        throw new Error(`${inst.op} is not run by itself`);
    }
  };

  for (let n = 0; n < ir.insts.length; n++) {
    const inst = ir.insts[n]!;
    if (inst.op === 'if') {
      if (values[inst.condition] === 0) n = skip(ir, n, true);
    } else if (inst.op === 'else') n = skip(ir, n, false);
    else if (inst.op !== 'end') run(inst, n);
  }
  const { terminal } = ir;
  if ('condition' in terminal) return values[terminal.condition]!;
  return 'target' in terminal ? values[terminal.target]! : 0;
}

/** Index of the matching `else` (if wanted) or `end`. */
function skip(ir: IrBuilder, from: number, stopAtElse: boolean): number {
  let depth = 0;
  for (let n = from + 1; n < ir.insts.length; n++) {
    const { op } = ir.insts[n]!;
    if (op === 'if') depth++;
    else if (op === 'end' && depth-- === 0) return n;
    else if (op === 'else' && depth === 0 && stopAtElse) return n;
  }
  throw new Error('an if has no end');
}

function setPair(w: Int32Array, word: number, value: Scalar): void {
  w[word] = low32(value);
  if (typeof value === 'bigint') w[word + 1] = high32(value);
}

const howOf = (user: boolean, stack: boolean, forWrite = false): number =>
  (user ? HOW.USER : 0) | (stack ? HOW.STACK : 0) | (forWrite ? HOW.FOR_WRITE : 0);

function load({ mmu, helpers }: Evaluation, address: Scalar, inst: Inst & { op: 'load' }, mode: number): Scalar {
  const low = low32(address);
  const high = high32(address);
  checkAlignment(low, inst.width, mode, helpers);
  const how = howOf((mode & MODE.USER) !== 0, inst.stack, inst.forWrite);
  switch (inst.width) {
    case 1:
      return mmu.read8(low, high, how);
    case 2:
      return mmu.read16(low, high, how);
    case 4:
      return mmu.read32(low, high, how);
    case 8: {
      const part = mmu.read64(low, high, how);
      return join(part, mmu.high);
    }
  }
}

function store(
  { mmu, helpers }: Evaluation,
  address: Scalar,
  value: Scalar,
  inst: Inst & { op: 'store' },
  mode: number,
): void {
  const low = low32(address);
  const high = high32(address);
  checkAlignment(low, inst.width, mode, helpers);
  const how = howOf((mode & MODE.USER) !== 0, inst.stack);
  switch (inst.width) {
    case 1:
      return mmu.write8(low, high, low32(value), how);
    case 2:
      return mmu.write16(low, high, low32(value), how);
    case 4:
      return mmu.write32(low, high, low32(value), how);
    case 8:
      return mmu.write64(low, high, low32(value), high32(value), how);
  }
}

function checkAlignment(low: number, width: number, mode: number, helpers: Readonly<Record<string, unknown>>): void {
  if ((mode & MODE.ALIGN_CHECK) !== 0 && (low & (width - 1)) !== 0) (helpers.raise as Helper)(17, 0);
}
