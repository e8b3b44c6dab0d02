import { COMMAND_OPTIONS, type OptionTable } from './options.ts';
import { didYouMean } from './suggest.ts';
import { UsageError } from './usage-error.ts';

const GLOBAL = { help: ['h'], version: ['V'] } as const;

interface Known {
  readonly name: string;
  readonly takesValue: boolean;
  readonly optional: boolean;
}

function knownOptions(table: OptionTable): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const [name, { type, alias = [], optional = false }] of Object.entries(table)) {
    for (const spelling of [name, ...alias]) {
      known.set(spelling, { name, takesValue: type === 'string', optional });
    }
  }
  for (const [name, alias] of Object.entries(GLOBAL)) {
    for (const spelling of [name, ...alias]) known.set(spelling, { name, takesValue: false, optional: false });
  }
  return known;
}

/**
 * Brings every option into one spelling, `--name=value`: QEMU's `-kernel F`, `-m 1G`, `-m1G` become what yargs
 * reads, and a value that begins with a dash stays a value. The first word is the command.
 * @throws UsageError for an unknown option or command, a missing value, or a value where none goes
 */
export function canonicalArguments(words: readonly string[]): string[] {
  const [command, ...rest] = words;
  if (command === undefined) return ['--help'];
  if (command.startsWith('-')) return [globalOption(command)];
  if (command === 'help') return rest.length > 0 && rest[0]! in COMMAND_OPTIONS ? [rest[0]!, '--help'] : ['--help'];
  if (!Object.hasOwn(COMMAND_OPTIONS, command)) {
    const names = Object.keys(COMMAND_OPTIONS);
    throw new UsageError(
      `there is no command "${command}"${didYouMean(command, names) || `: use ${names.join(', ')}, or see emu --help`}`,
    );
  }
  return [command, ...canonicalOptions(rest, COMMAND_OPTIONS[command]!, command)];
}

function globalOption(word: string): string {
  const name = word.replace(/^--?/, '');
  for (const [option, alias] of Object.entries(GLOBAL)) {
    if (name === option || (alias as readonly string[]).includes(name)) return `--${option}`;
  }
  throw new UsageError(`the command comes first: emu boot ${word} …; see emu --help`);
}

function canonicalOptions(words: readonly string[], table: OptionTable, command: string): string[] {
  const known = knownOptions(table);
  const result: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') return [...result, ...words.slice(i)];
    if (!word.startsWith('-') || word === '-') {
      result.push(word);
      continue;
    }
    const { option, spelling, value } = readOption(word, known, command);
    if (!option.takesValue) {
      if (value !== undefined) throw new UsageError(`${spelling} takes no value: leave out "=${value}"`);
      result.push(`--${option.name}`);
      continue;
    }
    const given = value ?? (option.optional ? '' : words[++i]);
    if (given === undefined)
      throw new UsageError(`${spelling} needs a value: ${spelling} ${table[option.name]!.value}`);
    result.push(`--${option.name}=${given}`);
  }
  return result;
}

function readOption(word: string, known: ReadonlyMap<string, Known>, command: string) {
  const [, dashes, name, value] = /^(--?)([^=]*)(?:=(.*))?$/s.exec(word)!;
  const option = known.get(name!);
  if (option !== undefined) return { option, spelling: dashes! + name!, value };
  // -m1G: a short option and its value in one word.
  const short = dashes === '-' ? known.get(word[1]!) : undefined;
  if (short?.takesValue) return { option: short, spelling: `-${word[1]}`, value: word.slice(2) };
  const names = [...known.keys()].filter((key) => key.length > 1);
  const hint = didYouMean(name!, names, dashes) || `; see emu ${command} --help`;
  throw new UsageError(`emu ${command} has no option ${dashes}${name}${hint}`);
}
