import { expect, test } from 'vitest';
import { emu } from './run-emu.ts';

/** The self-tests run twice; a busy host takes its time. */
const timeoutMs = 200_000;

test.each(['\n', '\r\n'])('lines typed before `test` is over are run behind it, ended by %j', async (end) => {
  const { status, stdout } = await emu(['boot'], { input: `test${end}time${end}poweroff${end}`, timeoutMs });
  expect(status).toBe(0);
  expect(stdout.match(/self-tests: \d+ passed, 0 failed/g)).toHaveLength(2);
  expect(
    stdout
      .split(/^emu> /m)
      .slice(1)
      .map((text) => text.split('\r\n')[0]),
  ).toEqual(['test', 'time', 'poweroff']);
});

test('more lines than the prompt queues, typed while a program computes, are all run', async () => {
  const input = `bench integer/64 10\n${'time\n'.repeat(100)}poweroff\n`;
  const { status, stdout } = await emu(['boot'], { input, timeoutMs });
  expect(status).toBe(0);
  expect(stdout.match(/^emu> time\r$/gm)).toHaveLength(100);
});
