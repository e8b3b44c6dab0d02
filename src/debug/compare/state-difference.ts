import { readRflags } from '../../cpu/flags.ts';
import { BOOKKEEPING, type CpuState, FIELDS, type FieldName } from '../../cpu/state.ts';

/**
 * Besides bookkeeping: that time moves, and (the x87's last instruction and operand) what processors keep in different
 * ways. The lazy flags are compared as RFLAGS.
 */
const LEFT_OUT: ReadonlySet<FieldName> = new Set([...BOOKKEEPING, 'tscOffset', 'fop', 'fcs', 'fds', 'fip', 'fdp']);

const COMPARED = (Object.keys(FIELDS) as FieldName[]).filter((name) => !LEFT_OUT.has(name));

/** A line for each field in which two states differ: name, the one's value, the other's. */
export function stateDifference(a: CpuState, b: CpuState): string[] {
  const lines: string[] = [];
  const tell = (name: string, x: string, y: string): void => {
    if (x !== y) lines.push(`${name.padEnd(14)} ${x.padStart(32)}  ${y.padStart(32)}`);
  };
  for (const name of COMPARED) {
    const { word, bytes, count, stride } = FIELDS[name];
    const text = ({ words }: CpuState, n: number): string =>
      Array.from({ length: bytes / 4 }, (_, k) => hex(words[word + n * stride + k]!))
        .reverse()
        .join('');
    for (let n = 0; n < count; n++) tell(count > 1 ? `${name}[${n}]` : name, text(a, n), text(b, n));
  }
  tell('rflags', hex(readRflags(a.words)), hex(readRflags(b.words)));
  return lines;
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
