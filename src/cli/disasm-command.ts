import { codeMode, listing } from '../debug/disassembly.ts';
import { readInput } from '../host/files.ts';
import { elfText } from './elf-text.ts';
import type { DISASM_OPTIONS, Values } from './options.ts';
import { UsageError } from './usage-error.ts';

const LINES_A_WRITE = 1000;

/** `emu disasm`: one instruction a line, address, bytes and text. @throws UsageError, FileError */
export async function disasm(file: string, values: Values<typeof DISASM_OPTIONS>): Promise<number> {
  const bits = values.bits === undefined ? undefined : parseBits(values.bits);
  const address = values.address === undefined ? undefined : parseNumber('address', values.address);
  const offset = Number(parseNumber('offset', values.offset ?? '0'));
  const count = values.count === undefined ? Infinity : Number(parseNumber('count', values.count));
  const image = await readInput(file, 'file');
  const text = elfText(image);
  const code = text?.bytes ?? image;
  if (offset >= code.length) {
    throw new UsageError(`--offset ${values.offset} is behind the end of the code, which has ${code.length} bytes`);
  }
  const start = address ?? (text?.address ?? 0n) + BigInt(offset);
  let lines: string[] = [];
  for (const line of listing(code.subarray(offset), start, codeMode(bits ?? text?.bits ?? 32), count)) {
    const bytes = [...line.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    lines.push(`${line.address.toString(16).padStart(8)}:  ${bytes.padEnd(30)}  ${line.text}`);
    if (lines.length < LINES_A_WRITE) continue;
    await print(lines);
    lines = [];
  }
  await print(lines);
  return 0;
}

const print = (lines: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    if (lines.length === 0) resolve();
    else process.stdout.write(`${lines.join('\n')}\n`, () => resolve());
  });

function parseBits(text: string): 16 | 32 | 64 {
  if (text === '16' || text === '32' || text === '64') return Number(text) as 16 | 32 | 64;
  throw new UsageError(`--bits ${text}: choose 16, 32 or 64`);
}

function parseNumber(option: string, text: string): bigint {
  if (!/^(0x[\da-f]{1,16}|\d{1,19})$/i.test(text)) {
    throw new UsageError(`--${option} ${text}: write a number, decimal or hexadecimal with 0x`);
  }
  return BigInt(text);
}
