import { expect, test } from 'vitest';
import { Wire } from '../../test/support/wire.ts';
import { debugConsole, debugExit, PostCode } from './debug-ports.ts';
import { OrGate } from './or-gate.ts';
import { Port92 } from './port92.ts';
import { ResetControl } from './reset-control.ts';

test('port 92h gates A20 and resets on a rising bit 0 only', () => {
  const a20 = new Wire();
  let resets = 0;
  const port = new Port92(a20, () => resets++);
  port.write(0, 1, 0x02);
  expect([a20.level, port.read(0, 1)]).toEqual([true, 0x02]);
  port.write(0, 1, 0x03);
  port.write(0, 1, 0x03);
  expect(resets).toBe(1);
});

test('CF9h resets when bit 2 rises and tells hard from soft', () => {
  const kinds: string[] = [];
  const port = new ResetControl((kind) => kinds.push(kind));
  for (const value of [0x02, 0x06, 0x06, 0x00, 0x04]) port.write(0, 1, value);
  expect(kinds).toEqual(['hard', 'soft']);
});

test('debug console, POST codes and debug exit', () => {
  const said: number[] = [];
  const console = debugConsole((byte) => said.push(byte));
  console.write(0, 2, 0x6968);
  expect([said, console.read(0, 1)]).toEqual([[0x68, 0x69], 0xe9]);
  const codes: number[] = [];
  const post = new PostCode((code) => codes.push(code));
  post.write(0, 1, 0x7f);
  expect([codes, post.read(0, 1)]).toEqual([[0x7f], 0x7f]);
  const exits: number[] = [];
  debugExit((status) => exits.push(status)).write(0, 4, 0x10);
  expect(exits).toEqual([0x21]);
});

test('A20 is open while either source opens it', () => {
  const a20 = new Wire();
  const gate = new OrGate(a20);
  const [keyboard, fast] = [gate.input(), gate.input()];
  keyboard.set(true);
  fast.set(true);
  keyboard.set(false);
  expect(a20.level).toBe(true);
  fast.set(false);
  expect(a20.level).toBe(false);
});
