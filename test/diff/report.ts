import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { createDecoder } from '../../src/cpu/decode.ts';
import { disassemble, disassembleBytes } from '../../src/cpu/disassemble.ts';
import { printIr } from '../../src/cpu/ir/print.ts';
import { CS } from '../../src/cpu/state.ts';
import { translateInsn } from '../../src/cpu/translate.ts';
import { modeOf, offsetIn } from './layout.ts';
import { DiffMachine } from './machine.ts';
import { assemble, type Program } from './program.ts';

/** Regions printed at most, from the last made. */
const MOST_REGIONS = 3;

/** A failing program: what differs, its code, the IR of short ones and the text of the last regions. */
export function report(program: Program, difference: string): string {
  const { world, seed, hot, slices } = program;
  return [
    `seed ${seed} (${world.name}, hot ${hot}, slices ${slices.join(' ')}${program.interrupts ? ', interrupts' : ''})`,
    difference,
    ...listing(program),
    ...regionTexts(program),
  ].join('\n');
}

function listing(program: Program): string[] {
  const { world } = program;
  const mode = modeOf(world);
  const decode = createDecoder({ features: parseCpuModel('max').features });
  const lines: string[] = [];
  const total = assemble(program).pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const { at, bytes } of assemble(program).pieces) {
    for (let n = 0; n < bytes.length; ) {
      const low = offsetIn(world, CS, at + n);
      const ip = [low, world.code === 64 && low < 0 ? -1 : 0] as const;
      const rest = bytes.subarray(n);
      const insn = disassembleBytes(rest, mode, ip);
      const length = insn?.length ?? rest.length;
      const hex = Buffer.from(rest.subarray(0, length)).toString('hex');
      lines.push(`${(low >>> 0).toString(16).padStart(8, '0')}  ${hex.padEnd(24)} ${insn?.text ?? '?'}`);
      const decoded = total > 400 ? 'truncated' : decode(rest, 0, rest.length, mode, ip[0], ip[1]);
      if (decoded !== 'truncated' && disassemble(decoded) !== '(bad)') {
        lines.push(
          ...printIr(translateInsn(decoded))
            .split('\n')
            .map((line) => `            ${line}`),
        );
      }
      n += length;
    }
  }
  return lines;
}

function regionTexts(program: Program): string[] {
  const machine = new DiffMachine('jit', { hot: program.hot });
  const texts: string[] = [];
  const { regions } = machine.vcpu;
  regions!.onMade = ({ text }) => texts.push(text);
  machine.run(program);
  return texts.slice(-MOST_REGIONS);
}
