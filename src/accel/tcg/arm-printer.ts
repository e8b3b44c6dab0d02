import type { Inst, IrBuilder, Known, ValueId } from '../../cpu/ir/block.ts';
import { MODE } from '../../cpu/mode.ts';
import { W } from '../../cpu/state.ts';
import { JsPrinter } from './emit-js.ts';
import { setsFlags } from './jit/flag-liveness.ts';
import { R } from './record.ts';
import { readRecord } from './record-text.ts';

/** One form as it stands in the loop's switch. */
export interface Arm {
  readonly text: string;
  readonly uses: ReadonlySet<string>;
  /** It ends in a jump to a computed address. */
  readonly indirect: boolean;
}

/** Ends of an arm that are not the next record; loop-text.ts prints what they lead to. */
export const ARM_ENDS = { table: 'table', jump: 'jump', fall: 'fall', charge: 'charge', indirect: 'indirect' } as const;

/** What glue does: it goes on where it leads to, or jumps there, so that it gets a link. */
export const GLUE: Arm = {
  text: `t = c[i | ${R.link}];\nif (live[c[t | ${R.page}]] !== 0) break ${ARM_ENDS.charge};\nbreak ${ARM_ENDS.jump};`,
  uses: new Set(['live']),
  indirect: false,
};

/**
 * Prints a form as an arm of the interpreter's loop. An arm has no slow path: where the TLB does not answer or an
 * access is misaligned, it leaves for the form's own function before anything was written.
 */
class ArmPrinter extends JsPrinter {
  protected override load(inst: Inst & { op: 'load' }, name: string): void {
    this.#lookup(name, inst.address, inst.width, inst.forWrite);
    this.lines.push(
      inst.width === 8
        ? `const ${name}l = ${this.name('m32')}[${name}p >> 2], ${name}h = m32[${name}p >> 2 | 1];`
        : `const ${name} = ${this.cell(inst.width, name)};`,
    );
  }

  protected override store(inst: Inst & { op: 'store' }, name: string): void {
    const { width, after } = inst;
    const place = after === null ? name : `${this.prefix}${after}`;
    if (after === null) this.#lookup(name, inst.address, width, true);
    const low = this.low(inst.value);
    if (width !== 8) this.lines.push(`${this.cell(width, place)} = ${low};`);
    else
      this.lines.push(
        `${this.name('m32')}[${place}p >> 2] = ${low}; m32[${place}p >> 2 | 1] = ${this.high(inst.value)};`,
      );
  }

  #lookup(name: string, address: ValueId, width: number, write: boolean): void {
    const a = this.low(address);
    const table = write ? this.writeTable : this.readTable;
    this.lines.push(`const ${name}p = ${this.name(`${table}x`)}[${a} >>> 12] ^ ${a};`);
    const wrongHalf =
      this.ir.typeOf(address) === 'i64' ? ` || ${this.name(`${table}h`)}[${a} >>> 12] !== ${this.high(address)}` : '';
    const miss = width === 1 ? `${name}p < 0` : `(${name}p & ${-0x80000000 + width - 1}) !== 0`;
    this.lines.push(`if (${miss}${wrongHalf}) break ${ARM_ENDS.table};`);
  }

  protected override fault({ condition }: Inst & { op: 'fault' }): void {
    this.lines.push(`if (${this.i32(condition)} !== 0) break ${ARM_ENDS.table};`);
  }

  /** The flags that are asked for most, in place. */
  override condition(cc: Known): string {
    const invert = (text: string): string => (typeof cc === 'number' && (cc & 1) !== 0 ? `(${text} ^ 1)` : text);
    const explicit = (bit: number, text: string): string =>
      invert(`(w[${W.flagKind}] === 0 ? w[${W.flagA}] >> ${bit} & 1 : ${text})`);
    if (cc === 4 || cc === 5) return explicit(6, `(w[${W.flagRes}] | w[${W.flagRes + 1}]) === 0 ? 1 : 0`);
    if (cc === 8 || cc === 9) return explicit(7, `w[${W.flagRes + 1}] >>> 31`);
    return super.condition(cc);
  }
}

/** An arm's statements and the names from outside in them; undefined when the form must be a function of its own. */
export function printArm(ir: IrBuilder, mode: number): Arm | undefined {
  if ((mode & MODE.ALIGN_CHECK) !== 0 || !canLeaveAnywhere(ir.insts)) return undefined;
  const printer = new ArmPrinter(ir, mode).body();
  const { lines } = printer;
  const { terminal } = ir;
  switch (terminal.kind) {
    case 'next':
      lines.push(`i = c[i | ${R.next}]; continue;`);
      break;
    case 'jump':
      lines.push(`break ${ARM_ENDS.jump};`);
      break;
    case 'branch':
      lines.push(`if (${printer.i32(terminal.condition)} !== 0) break ${ARM_ENDS.jump};`, `break ${ARM_ENDS.fall};`);
      break;
    case 'indirect':
      lines.push(`tl = ${printer.low(terminal.target)};`);
      if ((mode & MODE.CODE) === MODE.CODE_64) lines.push(`th = ${printer.high(terminal.target)};`);
      lines.push(`break ${ARM_ENDS.indirect};`);
      break;
    default:
      return undefined;
  }
  return { text: [readRecord(lines), ...lines].join('\n'), uses: printer.uses, indirect: terminal.kind === 'indirect' };
}

/** True when all that may fault, and all memory accesses that may miss, come before the first effect, and nothing is called. */
function canLeaveAnywhere(insts: readonly Inst[]): boolean {
  let wrote = false;
  for (const inst of insts) {
    if (inst.op === 'call') return false;
    const misses = inst.op === 'load' || inst.op === 'fault' || (inst.op === 'store' && inst.after === null);
    if (misses && wrote) return false;
    if (inst.op === 'set' || inst.op === 'store' || setsFlags(inst)) wrote = true;
  }
  return true;
}
