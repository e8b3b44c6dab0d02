import { FIELDS, W } from '../state.ts';
import type { Inst, IrBuilder, ValueId } from './block.ts';
import { OPS } from './ops.ts';

/** Helpers that run after state was written and may not fault; everything else may. */
const NEVER_FAULTS: ReadonlySet<string> = new Set();

const SCRATCH_END = W.scratch + FIELDS.scratch.count * FIELDS.scratch.stride;

/** The values an instruction reads. */
export function operandsOf(inst: Inst): readonly ValueId[] {
  switch (inst.op) {
    case 'pure':
      return inst.args;
    case 'set':
    case 'putFlags':
    case 'putCarries':
      return [inst.value];
    case 'load':
      return [inst.address];
    case 'store':
      return inst.after === null ? [inst.address, inst.value] : [inst.address, inst.value, inst.after];
    case 'setFlags':
      return [inst.result, inst.a, inst.b].filter((value) => value !== null);
    case 'call':
      return inst.args.filter((arg) => typeof arg === 'number');
    case 'fault':
    case 'if':
      return [inst.condition];
    default:
      return [];
  }
}

const mayFault = (inst: Inst): boolean =>
  inst.op === 'load' ||
  inst.op === 'fault' ||
  (inst.op === 'store' && inst.after === null) ||
  (inst.op === 'call' && !NEVER_FAULTS.has(inst.helper));

const writesState = (inst: Inst): boolean =>
  inst.op === 'setFlags' ||
  inst.op === 'putFlags' ||
  inst.op === 'putCarries' ||
  (inst.op === 'set' && !(inst.slot.word >= W.scratch && inst.slot.word < SCRATCH_END));

/**
 * What is wrong with the IR of one guest instruction, one sentence each; empty when it is sound:
 * values made before use, of the right type, not carried out of an `if`; no state written before something
 * that may fault (precise exceptions). `exceptions` names helpers that are known not to fault after writes.
 */
export function verify(ir: IrBuilder, exceptions: ReadonlySet<string> = NEVER_FAULTS): string[] {
  const wrong: string[] = [];
  const scopes: ValueId[][] = [[]];
  const visible = new Set<ValueId>();
  let wrote: number | undefined;
  const wroteAtIf: (number | undefined)[] = [];
  const use = (by: number, value: ValueId): void => {
    if (!visible.has(value)) wrong.push(`v${by} uses v${value}, which is not visible there`);
  };
  ir.insts.forEach((inst, at) => {
    for (const value of operandsOf(inst)) use(at, value);
    if (inst.op === 'pure') {
      inst.args.forEach((arg, n) => {
        const wanted = OPS[inst.name].args[n];
        if (ir.typeOf(arg) !== wanted) wrong.push(`v${at} ${inst.name}: argument ${n} is not ${wanted}`);
      });
    }
    if (mayFault(inst) && wrote !== undefined && !(inst.op === 'call' && exceptions.has(inst.helper))) {
      wrong.push(`v${at} ${inst.op} may fault after v${wrote} wrote state`);
    }
    if (writesState(inst)) wrote ??= at;
    if (inst.op === 'if') {
      scopes.push([]);
      wroteAtIf.push(wrote);
    } else if (inst.op === 'else' || inst.op === 'end') {
      for (const value of scopes.pop()!) visible.delete(value);
      if (inst.op === 'else') {
        scopes.push([]);
        wrote = wroteAtIf[wroteAtIf.length - 1];
      } else wroteAtIf.pop();
    }
    if (inst.type !== undefined) {
      visible.add(at);
      scopes[scopes.length - 1]!.push(at);
    }
  });
  if (scopes.length !== 1) wrong.push('an if has no end');
  const { terminal } = ir;
  if (terminal.kind === 'branch' || terminal.kind === 'repeat') use(ir.insts.length, terminal.condition);
  if (terminal.kind === 'indirect') use(ir.insts.length, terminal.target);
  return wrong;
}
