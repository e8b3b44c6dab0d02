import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MODE } from '../../src/cpu/mode.ts';

export const ARCHITECTURES = { i8086: MODE.CODE_16, i386: MODE.CODE_32, 'i386:x86-64': MODE.CODE_64 } as const;
export type Architecture = keyof typeof ARCHITECTURES;

export interface Line {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

export const hasObjdump = spawnSync('objdump', ['--version']).status === 0;

/** GNU's disassembly of raw bytes at address 0, near branches as Intel has them. */
export function objdump(code: Uint8Array, architecture: Architecture): Line[] {
  const folder = mkdtempSync(join(tmpdir(), 'objdump-'));
  const file = join(folder, 'code.bin');
  try {
    writeFileSync(file, code);
    const syntax = architecture === 'i386:x86-64' ? 'intel,intel64' : 'intel';
    const options = ['-D', '-z', '-b', 'binary', '-m', architecture, '-M', syntax, '--insn-width=16', file];
    return parse(execFileSync('objdump', options, { maxBuffer: 1 << 30, encoding: 'latin1' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parse(output: string): Line[] {
  const lines: Line[] = [];
  for (const line of output.split('\n')) {
    const [, at, bytes, text] = /^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(.*)$/.exec(line) ?? [];
    if (at === undefined || bytes === undefined || text === undefined) continue;
    lines.push({ at: Number.parseInt(at, 16), length: bytes.trim().split(' ').length, text });
  }
  return lines;
}

/** The bytes of a section of an ELF file. */
export function sectionOf(file: string, section: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'objcopy-'));
  const out = join(folder, 'section.bin');
  try {
    execFileSync('objcopy', ['-O', 'binary', `--only-section=${section}`, file, out]);
    return new Uint8Array(execFileSync('cat', [out], { maxBuffer: 1 << 30 }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Instructions that objdump knows and this CPU does not have: AVX, AVX-512 and what came with them, MPX. */
export const isBeyond = (text: string): boolean =>
  /^(v(?!err|erw)|k[a-z]|x(test|begin|end|abort)|rdpkru|wrpkru|tdcall|bnd[a-z]|cldemote)/.test(text);

const PREFIX_WORD =
  /^((?:lock |rep(?:n?z)? )*)(data16|data32|addr16|addr32|rex(\.W?R?X?B?)?|[c-gs]s|notrack|xacquire|xrelease) (?=[a-z{])/;
const ONLY_PREFIXES = /^((data16|data32|addr16|addr32|rex(\.W?R?X?B?)?|[c-gs]s|lock|repn?z|bnd) ?)+$/;
const COMPARISONS = ['eq', 'lt', 'le', 'unord', 'neq', 'nlt', 'nle', 'ord'];

/** objdump saw prefixes and did not go on to an instruction. */
export const isOnlyPrefixes = (text: string): boolean => ONLY_PREFIXES.test(text.trim());

/**
 * GNU's text in the words of our disassembler, which shows what an instruction means and not how it was encoded.
 * What is taken to be equal:
 * - prefixes without effect are left out (data16, addr32, rex.W, cs, notrack ...);
 * - `[rip+0x10]  # 0x1234` and `[eiz*1+0x1234]` are `ds:0x1234`, `[rax+0x0]` is `[rax]`, an index of `eiz` is none;
 * - `xchg ax,ax` (66 90) is `nop`; `xlat` has no operand; `cmpltps a,b` is `cmpps a,b,0x1`;
 * - LDDQU has an operand size; LGDT, SGDT, LIDT, SIDT and SYSEXIT have no suffix, SYSRET has one;
 * - CMPXCHG16B is shown with half its size, `fneni(8087 only)` is `fneni`;
 * - a far pointer of 10 bytes is one of 6, a DS override of an indirect branch is NOTRACK (`alike`);
 * - 66h and REX.W are not shown by other register names where they do not matter (`alike`);
 * - the upper half of a 16-bit branch target is not there (`cutTarget`);
 * - AMD's prefetches of 0F 0D are one;
 * - blanks.
 */
export function gnuText(text: string): string {
  let plain = text
    .replace(/\[[re]ip[+-]0x[0-9a-f]+\](.*?)\s+# 0x([0-9a-f]+)/, 'ds:0x$2$1')
    .replace(/\[eiz\*1(([+-])0x([0-9a-f]+))?\]/, (_, _disp, sign, disp) => `ds:${absolute(sign, disp)}`)
    .replace(/([c-gs]s):ds:0x/, '$1:0x')
    .replace(/\s*#.*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = plain.replace(PREFIX_WORD, '$1');
  }
  const [, relation, kind, operands] = /^cmp([a-z]+)([ps][ds]) (.*)$/.exec(plain) ?? [];
  if (relation !== undefined) plain = `cmp${kind} ${operands},0x${COMPARISONS.indexOf(relation)}`;
  for (const [pattern, replacement] of ALIASES) plain = plain.replace(pattern, replacement);
  return plain;
}

const absolute = (sign: string | undefined, disp: string | undefined): string =>
  `0x${(((sign === '-' ? -1 : 1) * Number.parseInt(disp ?? '0', 16)) >>> 0).toString(16)}`;

const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/^xchg (ax,ax|eax,eax|rax,rax)$/, 'nop'],
  [/^xlat .*/, 'xlat'],
  [/(?<=[a-z0-9])\+0x0\]/, ']'],
  [/\+[er]iz\*1/, ''],
  [/\((8087|287) only\)/, ''],
  [/^movq2dq (xmm\d+),x?mm/, 'movq2dq $1,mm'],
  [/^movdq2q x?mm/, 'movdq2q mm'],
  [/^((?:lock )?cmpxchg16b )OWORD/, '$1QWORD'],
  [/^lddqu (xmm\d+),/, 'lddqu $1,XMMWORD PTR '],
  [/^([sl][gi]dt)[wd] /, '$1 '],
  [/^sysexit[dq]$/, 'sysexit'],
  [/^sysret$/, 'sysretd'],
  [/^prefetch(wt1)? /, 'prefetchw '],
  [/^(pcmpestr[im])q /, '$1 '],
];

const SIZE_BLIND = /^(pmovmskb|movmskp[sd]|(rd|wr)[fg]sbase|lar|lsl|movsxd|mov [c-gs]s,)/;
const INDIRECT = /^(call|jmp|l[fgs]s) /;

/** Takes away what `gnuText` says does not matter on both sides. */
export function alike(text: string): string {
  if (INDIRECT.test(text)) return text.replace('TBYTE PTR', 'FWORD PTR').replace('ds:[', '[');
  if (!SIZE_BLIND.test(text)) return text;
  return text.replace(/(?<![\w[])([er]?)([abcd]x|[sd]i|[sb]p)\b/g, 'r$2').replace(/\b(r\d+)[dwb]\b/g, '$1');
}

export const cutTarget = (text: string): string =>
  text.replace(/(?<= 0x)[0-9a-f]+$/, (target) => (Number.parseInt(target, 16) & 0xffff).toString(16));
