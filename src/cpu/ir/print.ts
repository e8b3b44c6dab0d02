import { KIND } from '../flags.ts';
import type { Inst, IrBuilder, Known, Slot } from './block.ts';

const known = (value: Known): string => (typeof value === 'number' ? String(value) : `<${value}>`);
const slot = ({ word, param }: Slot): string => (param === null ? `w${word}` : `w${word}+<${param}>`);
const kindName = (kind: number): string =>
  `${Object.entries(KIND).find(([, code]) => code === (kind & ~3))?.[0] ?? '?'}${8 << (kind & 3)}`;

function text(inst: Inst): string {
  switch (inst.op) {
    case 'const':
      return inst.type === 'i64' ? `const64 ${known(inst.high)}:${known(inst.low)}` : `const ${known(inst.low)}`;
    case 'pure':
      return `${inst.name} ${inst.args.map((arg) => `v${arg}`).join(', ')}`;
    case 'get':
      return `get ${slot(inst.slot)}`;
    case 'set':
      return `set ${slot(inst.slot)} = v${inst.value}`;
    case 'load':
      return `load${inst.width * 8}${inst.forWrite ? ' for write' : ''} [v${inst.address}]`;
    case 'store':
      return `store${inst.width * 8} [v${inst.address}] = v${inst.value}${inst.after === null ? '' : ` after v${inst.after}`}`;
    case 'setFlags':
      return `flags ${kindName(inst.kind)} result v${inst.result} a ${inst.a === null ? '-' : `v${inst.a}`} b ${inst.b === null ? '-' : `v${inst.b}`}`;
    case 'cond':
      return `condition ${known(inst.cc)}`;
    case 'getFlags':
      return `arithmetic flags & ${inst.mask}`;
    case 'putFlags':
      return `arithmetic flags = v${inst.value}`;
    case 'putCarries':
      return `OF, AF, CF = v${inst.value}`;
    case 'call':
      return `${inst.helper}(${inst.args.map((arg) => (typeof arg === 'number' ? `v${arg}` : known(arg.known))).join(', ')})`;
    case 'fault':
      return `fault ${inst.vector} if v${inst.condition}`;
    case 'if':
      return `if v${inst.condition}`;
    case 'else':
    case 'end':
      return inst.op;
  }
}

/** Human-readable IR, one instruction a line, as `--dump-ir` and failing tests show it. */
export function printIr(ir: IrBuilder): string {
  let depth = 0;
  const lines = ir.insts.map((inst, at) => {
    if (inst.op === 'else' || inst.op === 'end') depth--;
    const indent = '  '.repeat(depth);
    if (inst.op === 'if' || inst.op === 'else') depth++;
    const name = inst.type === undefined ? '      ' : `v${at}`.padEnd(4) + '= ';
    return `${name}${indent}${text(inst)}`;
  });
  const { terminal } = ir;
  const value =
    'condition' in terminal ? ` v${terminal.condition}` : 'target' in terminal ? ` v${terminal.target}` : '';
  return [...lines, `-> ${terminal.kind}${value}`].join('\n');
}
