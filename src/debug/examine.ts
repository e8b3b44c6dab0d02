import { W } from '../cpu/state.ts';
import type { Machine } from '../machine/machine.ts';
import { listing } from './disassembly.ts';
import { MonitorError } from './expression.ts';
import { readMemory, type Translate } from './guest-memory.ts';

/** Count, format and unit of `x /FMT`, as gdb has them. */
export interface Format {
  readonly count: number;
  readonly kind: 'x' | 'd' | 'u' | 'o' | 'c' | 'i' | 's';
  /** Bytes of one item. */
  readonly unit: 1 | 2 | 4 | 8;
}

const UNITS = { b: 1, h: 2, w: 4, g: 8 } as const;
const MOST_ITEMS = 4096;
const LONGEST_STRING = 200;
const RADIX = { x: 16, d: 10, u: 10, o: 8, c: 10 } as const;
const LONGEST_INSTRUCTION = 15;

/** Reads `/10xw` without the slash. @throws MonitorError */
export function parseFormat(text: string): Format {
  const [, count, letters] = /^(\d*)([a-z]*)$/i.exec(text) ?? [];
  let kind: Format['kind'] = 'x';
  let unit: Format['unit'] | undefined;
  for (const letter of letters ?? '?') {
    if (Object.hasOwn(UNITS, letter)) unit = UNITS[letter as keyof typeof UNITS];
    else if ('xduocis'.includes(letter)) kind = letter as Format['kind'];
    else throw new MonitorError(`"/${text.slice(0, 20)}" is no format: a count, one of x d u o c i s, one of b h w g`);
  }
  const items = count === '' || count === undefined ? 1 : Number(count);
  if (items < 1 || items > MOST_ITEMS) throw new MonitorError(`a count is from 1 to ${MOST_ITEMS}`);
  return { count: items, kind, unit: unit ?? (kind === 'c' ? 1 : 4) };
}

const label = (address: bigint): string => `${address.toString(16).padStart(8, '0')}:`;
const unreadable = (address: bigint): string =>
  `${label(address)} cannot be read: nothing is mapped, or a device is there`;

/** What is in memory, as text. */
export function examine(machine: Machine, format: Format, address: bigint, translate: Translate): string {
  if (format.kind === 'i') return instructions(machine, format.count, address, translate);
  if (format.kind === 's') return strings(machine, format.count, address, translate);
  const { count, unit } = format;
  const bytes = readMemory(machine, address, count * unit, translate);
  const whole = Math.floor(bytes.length / unit);
  const perRow = Math.max(1, 16 / unit);
  const lines: string[] = [];
  for (let from = 0; from < whole; from += perRow) {
    const items: string[] = [];
    for (let i = from; i < Math.min(from + perRow, whole); i++)
      items.push(item(bytes.subarray(i * unit, (i + 1) * unit), format));
    lines.push(`${label(address + BigInt(from * unit))} ${items.join(' ')}`);
  }
  if (whole < count) lines.push(unreadable(address + BigInt(whole * unit)));
  return lines.join('\n');
}

function item(bytes: Uint8Array, { kind, unit }: Format): string {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (kind === 'c') return `'${printable(bytes[0]!)}'`;
  const shown = kind === 'd' ? BigInt.asIntN(8 * unit, value) : value;
  const text = shown.toString(RADIX[kind as keyof typeof RADIX]);
  return kind === 'x' ? `0x${text.padStart(2 * unit, '0')}` : kind === 'o' ? `0${text}` : text;
}

const printable = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;

function instructions(machine: Machine, count: number, address: bigint, translate: Translate): string {
  const bytes = readMemory(machine, address, count * LONGEST_INSTRUCTION, translate);
  if (bytes.length === 0) return unreadable(address);
  const mode = machine.readState().words[W.mode]!;
  return [...listing(bytes, address, mode, count)].map(({ address: at, text }) => `${label(at)} ${text}`).join('\n');
}

function strings(machine: Machine, count: number, address: bigint, translate: Translate): string {
  const lines: string[] = [];
  let at = address;
  for (let n = 0; n < count; n++) {
    const bytes = readMemory(machine, at, LONGEST_STRING, translate);
    if (bytes.length === 0) {
      lines.push(unreadable(at));
      break;
    }
    const zero = bytes.indexOf(0);
    const text = zero < 0 ? bytes : bytes.subarray(0, zero);
    lines.push(`${label(at)} "${[...text].map(printable).join('')}"${zero < 0 ? '...' : ''}`);
    at += BigInt(text.length + (zero < 0 ? 0 : 1));
  }
  return lines.join('\n');
}
