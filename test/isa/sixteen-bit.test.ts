import { describe, expect, it } from 'vitest';
import { apply, clone, difference, stateOf } from './cases.ts';
import { TestMachine } from './machine.ts';

/**
 * What CPL 3 of a 64-bit host cannot show: 16-bit code and a 16-bit stack pointer. Expected values are from the
 * SDM's descriptions (volume 2). The data is at A000h; the upper half of each register must stay.
 */
const CASES: readonly (readonly [name: string, hex: string, given: string, changed: string])[] = [
  // biome-ignore-start format: table
  ['PUSH AX', '50', 'rax=11223344,rsp=5555a010', 'rsp=5555a00e,@a00e=4433'],
  ['PUSH EAX on a 16-bit stack', '6650', 'rax=11223344,rsp=5555a010', 'rsp=5555a00c,@a00c=44332211'],
  ['PUSH SP takes the old value', '54', 'rsp=a010', 'rsp=a00e,@a00e=10a0'],
  ['PUSH imm8 is sign-extended', '6a80', 'rsp=a010', 'rsp=a00e,@a00e=80ff'],
  ['PUSH SS', '16', 'rsp=a010', 'rsp=a00e,@a00e=2b00'],
  ['POP SP', '5c', 'rsp=7777a010,@a010=3412', 'rsp=77771234'],
  ['POP [BX]', '8f07', 'rbx=a100,rsp=a010,@a010=3412', 'rsp=a012,@a100=3412'],
  [
    'PUSHA',
    '60',
    'rax=1,rcx=2,rdx=3,rbx=4,rsp=9999a020,rbp=6,rsi=7,rdi=8',
    'rsp=9999a010,@a010=08000700060020a00400030002000100',
  ],
  [
    'POPA leaves SP to the sum',
    '61',
    'rax=0,rcx=0,rdx=0,rbx=0,rbp=0,rsi=0,rdi=0,rsp=a010,@a010=080007000600eeee0400030002000100',
    'rax=1,rcx=2,rdx=3,rbx=4,rsp=a020,rbp=6,rsi=7,rdi=8',
  ],
  ['ENTER 10h,0', 'c8100000', 'rsp=8888a800,rbp=77771234', 'rsp=8888a7ee,rbp=7777a7fe,@a7fe=3412'],
  ['ENTER 0,2', 'c8000002', 'rsp=a800,rbp=a900,@a8fe=cdab', 'rsp=a7fa,rbp=a7fe,@a7fe=00a9,@a7fc=cdab,@a7fa=fea7'],
  [
    'ENTER 0,1 of 32 bits takes all of ESP',
    '66c8000001',
    'rsp=8888a800,rbp=77771234',
    'rsp=8888a7f8,rbp=8888a7fc,@a7fc=34127777,@a7f8=fca78888',
  ],
  ['LEAVE', 'c9', 'rsp=8888a100,rbp=7777a200,@a200=3412', 'rsp=8888a202,rbp=77771234'],
  ['CALL rel16', 'e80100', 'rsp=a010', 'rsp=a00e,rip=804,@a00e=0308'],
  ['CALL wraps at 64 KiB', 'e8fdf7', 'rsp=a010', 'rsp=a00e,rip=0,@a00e=0308'],
  ['RET imm16', 'c20600', 'rsp=6666a010,@a010=0109', 'rsp=6666a018,rip=901'],
  ['JCXZ looks at CX', 'e37e', 'rcx=10000', 'rip=880'],
  ['JECXZ looks at ECX', '67e37e', 'rcx=10000', '-'],
  ['LOOP leaves the upper half', 'e2fe', 'rcx=12340000', 'rcx=1234ffff,rip=800'],
  ['LODSB wraps SI', 'ac', 'rax=0,rsi=1000a0ff,f=402,@a0ff=5a', 'rax=5a,rsi=1000a0fe'],
  [
    'MOVSW counts by the segment size',
    'a5',
    'rsi=a100,rdi=5555a200,f=2,@a100=3412',
    'rsi=a102,rdi=5555a202,@a200=3412',
  ],
  ['REP MOVSB with CX 0', 'f3a4', 'rcx=10000', '-'],
  [
    'REPE CMPSB goes on',
    'f3a6',
    'rcx=2,rsi=a100,rdi=a200,f=2,@a100=07,@a200=07',
    'rcx=1,rsi=a101,rdi=a201,rip=800,f=46',
  ],
  [
    'REPE CMPSB ends at a difference',
    'f3a6',
    'rcx=2,rsi=a100,rdi=a200,f=2,@a100=08,@a200=07',
    'rcx=1,rsi=a101,rdi=a201,f=2',
  ],
  ['REPNE SCASW ends when found', 'f2af', 'rax=1234,rcx=5,rdi=a200,f=2,@a200=3412', 'rcx=4,rdi=a202,f=46'],
  ['XLAT wraps BX + AL', 'd7', 'rax=ff,rbx=55559f10,f=2,@a00f=77', 'rax=77'],
  ['LEA 16-bit address wraps', '8d4702', 'rax=0,rbx=ffff', 'rax=1'],
  ['LEA of a 16-bit address to EAX', '668d4702', 'rax=99999999,rbx=ffff', 'rax=1'],
  ['BT memory, bit index below', '0fa307', 'rax=fff0,rbx=a100,f=2,@a0fe=0100', 'f=3'],
  ['MOV AL,moffs16', 'a010a1', 'rax=0,@a110=42', 'rax=42'],
  ['INC keeps the carry', '40', 'rax=ffff,f=3', 'rax=0,f=57'],
  ['CWD', '99', 'rax=8000,rdx=12340000', 'rdx=1234ffff'],
  ['SALC', 'd6', 'rax=1200,f=3', 'rax=12ff'],
  // biome-ignore-end format: table
];

describe.each(['eval', 'interp', 'jit'] as const)('16-bit code (%s)', (tier) => {
  const machine = new TestMachine(tier, 16);
  it.each(CASES)('%s', (_name, hex, given, changed) => {
    const before = apply(given, stateOf(7, false));
    before.rip = machine.ip;
    const wanted = clone(before);
    wanted.rip += BigInt(hex.length / 2);
    apply(changed, wanted);
    expect(difference(wanted, machine.run(Buffer.from(hex, 'hex'), before))).toBe('-');
  });
});
