import type { MadeRegion } from '../accel/tcg/jit/regions.ts';
import { disassemble } from '../cpu/disassemble.ts';
import { printIr } from '../cpu/ir/print.ts';
import type { Machine } from '../machine/machine.ts';

/** What can be printed of each region when it is made: its instructions as IR, or what it became. */
export type CodeDump = 'ir' | 'jit';

/** Hands the text of everything that the JIT makes to `print`: regions, and for `jit` the interpreter's forms. */
export function attachDumps({ tcg }: Machine, dumps: Partial<Record<CodeDump, (text: string) => void>>): void {
  const { ir, jit } = dumps;
  if (jit !== undefined) tcg.forms.dump = (name, text) => jit(`// form ${name}\n${text}\n\n`);
  if (tcg.regions === undefined || (ir === undefined && jit === undefined)) return;
  tcg.regions.onMade = (made) => {
    ir?.(`${describeRegion(made)}\n\n`);
    jit?.(`// ${made.name}\n${made.text}\n\n`);
  };
}

/** A region's basic blocks: each instruction as assembly, its IR behind it. */
function describeRegion({ name, graph }: MadeRegion): string {
  const lines = [`${name}: ${graph.instructions} instructions in ${graph.blocks.length} blocks`];
  graph.blocks.forEach(({ nodes, low, high, end }, block) => {
    lines.push(`block ${block} at ${address(low, high)}, ends in ${end}`);
    for (const { insn, ir } of nodes) {
      lines.push(`  ${address(insn.ip[0] as number, insn.ip[1] as number)}  ${disassemble(insn)}`);
      for (const line of printIr(ir).split('\n')) lines.push(`      ${line}`);
    }
  });
  return lines.join('\n');
}

const address = (low: number, high: number): string =>
  (high === 0 ? '' : (high >>> 0).toString(16)) + (low >>> 0).toString(16).padStart(8, '0');
