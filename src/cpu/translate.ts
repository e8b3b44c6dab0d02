import { Emitter } from './emitter.ts';
import type { Insn } from './insn.ts';
import { IrBuilder } from './ir/block.ts';
import { MODE } from './mode.ts';
import { W } from './state.ts';

/** Numbers of the execution units as the helper `unitFault` takes them. */
const UNIT = { x87: 0, mmx: 1, sse: 2, fwait: 3 } as const;

/** FSW.ES: an unmasked x87 exception waits to be reported. */
const FSW_ES = 0x80;

/** The IR of one instruction: the checks that its row asks for, then its meaning. */
export function translateInsn(insn: Insn, ir: IrBuilder = new IrBuilder()): IrBuilder {
  const { row, mode } = insn;
  const { options } = row;
  const t = new Emitter(insn, ir);
  if (options.cpl0 === true && (mode & (MODE.USER | MODE.VM86)) !== 0) {
    t.call('raise', 13, 0);
    t.exit();
    return ir;
  }
  // The mode tells CPL 3 from the rest; levels 1 and 2 are told apart when the instruction runs.
  if (options.cpl0 === true && (mode & MODE.REAL) === 0) t.if(t.field(W.cpl, 4), () => t.raise(13, 0));
  const unit = options.unit;
  if (unit !== undefined) {
    const blocked = (mode & (unit === 'sse' ? MODE.NO_SSE : MODE.NO_X87)) !== 0;
    if (blocked) t.call('unitFault', UNIT[unit]);
    if (unit !== 'sse' && options.noWait !== true) {
      const pending = t.and(t.field(W.fsw, 4), t.const(FSW_ES, 4));
      t.if(pending, () => t.call('checkX87'));
    }
  }
  row.emit(t, ...insn.operands);
  return ir;
}
