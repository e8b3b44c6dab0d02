import { closeSync, openSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { disassembleBytes } from '../../cpu/disassemble.ts';
import { MODE } from '../../cpu/mode.ts';
import { type Libc, loadLibc } from './ffi.ts';
import { ioctlCode } from './syscall-library.ts';

const TCGETS = 0x5401;
const ENOTTY = 25;
const EBADF = 9;
const NO_FILE = 0x7fff_fff0;

const load = (files?: string): Promise<Libc | undefined> => loadLibc(files).catch(() => undefined);
const NO_FFI = (await load()) === undefined;
const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('the code is the system call of the kernel, without parameters', () => {
  const code = ioctlCode(0x7f, 0xae80, 3);
  const text: string[] = [];
  for (let at = 0; at < code.length; ) {
    const insn = disassembleBytes(code.subarray(at), MODE.CODE_64, [0, 0])!;
    text.push(insn.text);
    at += insn.length;
  }
  expect(text).toEqual(['mov eax,0x10', 'mov edi,0x7f', 'mov esi,0xae80', 'mov edx,0x3', 'syscall', 'ret']);
});

test.skipIf(NO_FFI)('libraries in memory: each has its own call, and leaves nothing', async () => {
  const libc = (await load())!;
  const file = openSync('/dev/null', 'r');
  const before = openFiles();
  for (let round = 0; round < 3; round++) {
    const first = libc.prepareIoctl(file, TCGETS, 0);
    const second = libc.prepareIoctl(NO_FILE, TCGETS, 0);
    expect(openFiles()).toBe(before + 2);
    expect([first.call(), second.call()]).toEqual([-ENOTTY, -EBADF]);
    first.close();
    const third = libc.prepareIoctl(file, TCGETS, 0);
    expect([second.call(), third.call()]).toEqual([-EBADF, -ENOTTY]);
    second.close();
    third.close();
    expect(openFiles()).toBe(before);
  }
  closeSync(file);
});

test.skipIf(NO_FFI)('a system that loads no such library: the same by the C library', async () => {
  const libc = (await load('/nowhere'))!;
  const file = openSync('/dev/null', 'r');
  const before = openFiles();
  const calls = [libc.prepareIoctl(file, TCGETS, 0), libc.prepareIoctl(NO_FILE, TCGETS, 0)];
  expect(openFiles()).toBe(before);
  expect(calls.map(({ call }) => call())).toEqual([-ENOTTY, -EBADF]);
  for (const { close } of calls) close();
  closeSync(file);
});
