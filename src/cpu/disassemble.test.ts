import { expect, test } from 'vitest';
import { disassembleBytes } from './disassemble.ts';
import { MODE } from './mode.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16));

test.each([
  ['48 83 c0 80', MODE.CODE_64, 'add rax,0xffffffffffffff80'],
  ['f0 48 0f b1 0d 10 00 00 00', MODE.CODE_64, 'lock cmpxchg QWORD PTR ds:0x1019,rcx'],
  ['65 48 8b 04 25 28 00 00 00', MODE.CODE_64, 'mov rax,QWORD PTR gs:0x28'],
  ['43 8b 44 ac f8', MODE.CODE_64, 'mov eax,DWORD PTR [r12+r13*4-0x8]'],
  ['40 88 e7', MODE.CODE_64, 'mov dil,spl'],
  ['88 e7', MODE.CODE_64, 'mov bh,ah'],
  ['48 b8 88 77 66 55 44 33 22 11', MODE.CODE_64, 'movabs rax,0x1122334455667788'],
  ['f3 48 ab', MODE.CODE_64, 'rep stos QWORD PTR es:[rdi],rax'],
  ['f2 ae', MODE.CODE_32, 'repnz scas al,BYTE PTR es:[edi]'],
  ['2e 67 8a 4f 10', MODE.CODE_32, 'mov cl,BYTE PTR cs:[bx+0x10]'],
  ['66 98', MODE.CODE_32, 'cbw'],
  ['75 fe', MODE.CODE_32, 'jne 0x1000'],
  ['66 ea 78 56 34 12 08 00', MODE.CODE_16, 'jmp 0x8:0x12345678'],
  ['66 9c', MODE.CODE_16, 'pushfd'],
  ['d8 c3', MODE.CODE_32, 'fadd st,st(3)'],
  ['66 0f 6f 04 24', MODE.CODE_64, 'movdqa xmm0,XMMWORD PTR [rsp]'],
  ['0f 22 d8', MODE.CODE_64, 'mov cr3,rax'],
  ['0f ff', MODE.CODE_64, undefined],
  ['f0 90', MODE.CODE_64, '(bad)'],
])('%s in mode %i is %s', (hex, mode, text) => {
  const result = disassembleBytes(bytesOf(hex), mode, [0x1000, 0]);
  expect(result?.text).toBe(text);
  if (text !== undefined) expect(result?.length).toBe(hex.split(' ').length);
});
