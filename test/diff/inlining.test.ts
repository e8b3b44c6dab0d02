import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Runs a short loop often enough for V8 to optimise its region: INC EBX; DEC EAX; JNZ; RET. */
const PROGRAM = `
import { tuneEngine } from './src/host/tune-engine.ts';
tuneEngine();
const { MicroCpu } = await import('./bench/micro/cpu.ts');
const cpu = new MicroCpu('jit', 32, { jit: { hot: 100 } });
const entry = cpu.place(Uint8Array.of(0x43, 0x48, 0x75, 0xfc, 0xc3));
for (let call = 0; call < 20_000; call++) {
  cpu.call(entry, 200, 0);
  // V8 compiles in another thread.
  if (call % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}
`;

it('V8 does not compile the end that regions share into each of them', () => {
  const words = ['--trace-turbo-inlining', '--import', 'tsx', '--input-type=module', '-e', PROGRAM];
  const text = execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const end = String.raw`\S+ \{\S+ <SharedFunctionInfo names\.finish>\}`;
  expect(text).toMatch(new RegExp(`^Cannot consider ${end} for inlining`, 'm'));
  expect(text).not.toMatch(new RegExp(`^Inlining ${end} into`, 'm'));
});
