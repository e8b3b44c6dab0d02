import { canonicalArguments } from './arguments.ts';
import { type BootSettings, bootSettings } from './boot-settings.ts';
import { UsageError } from './usage-error.ts';

/** Reads `boot …`, the words behind `--` of a command that runs a guest. @throws UsageError */
export function bootWords(words: readonly string[]): BootSettings {
  if (words[0] !== 'boot') throw new UsageError('name the guest behind --: emu compare -- boot debian');
  const guests: string[] = [];
  const values: Record<string, string | boolean> = {};
  for (const word of canonicalArguments(words).slice(1)) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) guests.push(word);
    else values[name] = value ?? true;
  }
  return bootSettings(guests, values);
}
