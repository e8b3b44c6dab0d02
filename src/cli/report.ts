import { KvmError } from '../accel/kvm/kvm-error.ts';
import { FileError } from '../host/files.ts';
import { PullError } from '../host/pull/pull-error.ts';
import { BootError } from '../machine/boot/boot-error.ts';
import { UsageError } from './usage-error.ts';

const EXPECTED = [UsageError, FileError, PullError, BootError, KvmError];

/** True for errors that say to the user what is wrong with what was asked for. */
export const isExpected = (error: unknown): error is Error => EXPECTED.some((kind) => error instanceof kind);

const LONGEST = 600;

/** The message as one line, control characters shown as `?`: it may quote what the user gave. */
export function oneLine({ message }: Error): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  const text = message.replace(/\s+/g, ' ').replace(/[\x00-\x1f\x7f]/g, '?');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}
