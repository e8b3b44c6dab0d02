import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseCpuModel } from '../../cpu/cpuid.ts';
import { createDecoder } from '../../cpu/decode.ts';
import { MODE } from '../../cpu/mode.ts';
import { translateInsn } from '../../cpu/translate.ts';
import { type Arm, GLUE, printArm } from './arm-printer.ts';
import { symbolise } from './forms.ts';
import { HOT_FORMS } from './hot-forms.ts';
import { loopText } from './loop-text.ts';

/** V8 does not optimise functions with more bytes of bytecode. */
const MOST_BYTECODE = 60 * 1024;

describe.each(Object.keys(HOT_FORMS).map(Number))('hot forms of key %i', (key) => {
  const decode = createDecoder({ features: parseCpuModel('max').features });
  const flat =
    (0xf << MODE.FLAT_SHIFT) |
    ((key & MODE.CODE) === MODE.CODE_64 ? MODE.LMA : MODE.STACK_32 | MODE.OPEN_FS | MODE.OPEN_GS);
  const arms = HOT_FORMS[key]!.trim()
    .split(/\s+/)
    .map((hex) => {
      const insn = decode(Buffer.from(hex, 'hex'), 0, hex.length / 2, key | flat, 0, 0);
      return insn === 'truncated' ? undefined : printArm(translateInsn(symbolise(insn)), insn.mode);
    });

  test('each is an arm of its own', () => {
    expect(arms).not.toContain(undefined);
    expect(new Set(arms.map((arm) => arm!.text)).size).toBe(arms.length);
  });

  test('no arm writes before it may leave', () => {
    for (const arm of arms) {
      const lines = arm!.text.split('\n');
      const leaves = lines.findLastIndex((line) => line.includes('break table'));
      const writes = lines.findIndex((line) => /^(w|m8|m16|m32)\[.*\] = /.test(line));
      if (writes >= 0) expect(leaves, arm!.text).toBeLessThan(writes);
    }
  });

  test('V8 optimises the loop', () => {
    const { text, uses } = loopText([GLUE, ...(arms as Arm[])], 1);
    // Arm 0 of the record at 0 gives STOP.
    const program = `const E = { w: [], c: [0], functions: [() => 0], running: {} };
      (() => { const { ${[...uses].join(', ')} } = E; ${text} })()(0);`;
    const printed = execFileSync(process.execPath, ['--print-bytecode', '--print-bytecode-filter=interpreter', '-'], {
      input: program,
      encoding: 'latin1',
      maxBuffer: 2 ** 26,
    });
    const length = Number(/^Bytecode length: (\d+)$/m.exec(printed)![1]);
    expect(length).toBeGreaterThan(MOST_BYTECODE / 2);
    expect(length).toBeLessThan(MOST_BYTECODE);
  });
});
