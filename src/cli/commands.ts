import yargs, { type Argv } from 'yargs';
import { packageVersion } from '../host/files.ts';
import { bootSettings } from './boot-settings.ts';
import { bootWords } from './boot-words.ts';
import {
  BENCH_OPTIONS,
  BOOT_OPTIONS,
  COMPARE_OPTIONS,
  DISASM_OPTIONS,
  type OptionTable,
  PULL_OPTIONS,
  type Values,
} from './options.ts';
import { UsageError } from './usage-error.ts';

const BOOT_EPILOGUE = `Options may be spelled as QEMU spells them (-kernel, -m, -nographic).

In the terminal: Ctrl-A x ends emu, Ctrl-A c opens the monitor, Ctrl-A h helps.

Exit status: 0 when the guest powers off, resets with --no-reboot, or Ctrl-A x is typed; what the guest wrote to
isa-debug-exit (port F4h), times two plus one; 1 when emu failed; 2 when an option or file is wrong; 128 + N when
signal N ended it.`;

const BENCH_EPILOGUE = `Workloads run in ring 3 of the built-in guest, as 64-bit and 32-bit code, and in Debian (amd64; i386 when the
filter asks for it) once that is pulled. The work is fixed, each result is checked, the host takes the time.
docs/benchmarks.md explains the table.

Exit status: 0; 1 when a result was wrong; 2 when an option is wrong.`;

/** A command: what the user types, and how yargs is told. The code that runs it is loaded when it is the one. */
interface Command {
  readonly usage: string;
  /** @param usage `usage`, or `$0` in place of its name. @param done takes the exit status */
  define(cli: Argv, usage: string, done: (status: number) => void): Argv;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  boot: {
    usage: 'boot [guest]',
    define: (cli, usage, done) =>
      cli.command(
        usage,
        'boot a machine: the built-in guest, a named guest, or a kernel',
        (args) =>
          withOptions(args, BOOT_OPTIONS)
            .positional('guest', {
              type: 'string',
              describe: 'debian or debian-installer, once pulled; nothing: the built-in guest',
            })
            .example('emu boot', 'the built-in guest: self-test and a prompt')
            .example('emu boot debian --arch i386', 'Debian with busybox; see emu pull')
            .example('emu boot --kernel bzImage --append console=ttyS0', 'a Linux kernel on the serial console')
            .example('emu boot -kernel vmlinux -s -S', 'wait for gdb: target remote :1234')
            .example('emu boot debian --jit-off=all --dump-jit=FILE', 'when the JIT is in doubt: docs/debugging.md')
            .epilogue(BOOT_EPILOGUE),
        async ({ guest, _, ...values }) => {
          const guests = [guest, ..._].filter((name) => name !== undefined).map(String);
          const { boot } = await import('./boot-command.ts');
          done(await boot(bootSettings(guests, values as Values<typeof BOOT_OPTIONS>)));
        },
      ),
  },
  pull: {
    usage: 'pull [guest]',
    define: (cli, usage, done) =>
      cli.command(
        usage,
        'make a Linux guest out of Debian packages (with apt-get)',
        (args) =>
          withOptions(args, PULL_OPTIONS)
            .positional('guest', { type: 'string', describe: 'debian or debian-installer' })
            .example('emu pull debian', 'amd64 cloud kernel and busybox')
            .example('emu pull debian --arch i386', '686 kernel and busybox'),
        async ({ guest, _, ...values }) => {
          const { pull } = await import('./pull-command.ts');
          done(await pull(only(guest, _, 'a guest: emu pull debian'), values as Values<typeof PULL_OPTIONS>));
        },
      ),
  },
  disasm: {
    usage: 'disasm [file]',
    define: (cli, usage, done) =>
      cli.command(
        usage,
        'disassemble an ELF file or raw bytes',
        (args) =>
          withOptions(args, DISASM_OPTIONS)
            .positional('file', { type: 'string', describe: 'ELF file (its .text) or raw machine code' })
            .example('emu disasm vmlinux --count 20', 'the first 20 instructions of .text')
            .example('emu disasm boot.bin --bits 16 --address 0x7c00', 'a boot sector'),
        async ({ file, _, ...values }) => {
          const { disasm } = await import('./disasm-command.ts');
          done(await disasm(only(file, _, 'a file: emu disasm FILE'), values as Values<typeof DISASM_OPTIONS>));
        },
      ),
  },
  bench: {
    usage: 'bench',
    define: (cli, usage, done) =>
      cli.command(
        usage,
        'measure workloads under each accelerator and tier, side by side',
        (args) =>
          withOptions(args, BENCH_OPTIONS)
            .example('emu bench', 'everything, in less than three minutes')
            .example('emu bench --filter "calls|float" --accel tcg', 'a few workloads, in software alone')
            .epilogue(BENCH_EPILOGUE),
        async ({ _, ...values }) => {
          const { bench } = await import('./bench-command.ts');
          done(await bench(values as Values<typeof BENCH_OPTIONS>));
        },
      ),
  },
  compare: {
    usage: 'compare',
    define: (cli, usage, done) =>
      cli.command(
        usage,
        'run a guest under tcg and under kvm, and say what differs',
        (args) =>
          withOptions(args, COMPARE_OPTIONS)
            .example('emu compare -- boot', 'the built-in guest to its prompt')
            .example('emu compare --type "bench integer/64 1" --lockstep 20000 -- boot', 'and step by step')
            .example('emu compare --type "cat /proc/cpuinfo" -- boot debian', 'a command in Debian'),
        async ({ _, ...values }) => {
          const settings = bootWords(_.map(String));
          const { compareGuests } = await import('./compare-command.ts');
          done(await compareGuests(settings, values as Values<typeof COMPARE_OPTIONS>));
        },
      ),
  },
  accel: {
    usage: 'accel',
    define: (cli, usage, done) =>
      cli.command(
        usage,
        'tell what this host offers to run the CPU',
        (args) => args,
        async () => {
          const { accel } = await import('./accel-command.ts');
          done(await accel());
        },
      ),
  },
};

/** Runs one command; resolves with the exit status. @throws UsageError and what the command throws */
export async function runCommand(words: readonly string[]): Promise<number> {
  let status = 0;
  const done = (value: number): void => {
    status = value;
  };
  const [name = '', ...rest] = words;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  // As the default command of a program of its own: for any other, yargs writes the help at each start.
  const cli =
    command === undefined
      ? await allCommands(words, done)
      : command.define(await parserOf(rest, `emu ${name}`), command.usage.replace(name, '$0'), done);
  await cli.parseAsync();
  return status;
}

/** What answers when no command was named, or one that there is not. */
async function allCommands(words: readonly string[], done: (status: number) => void): Promise<Argv> {
  const cli = (await parserOf(words, 'emu'))
    .usage('$0 COMMAND [options]\n\nA PC on Node.js: boots Linux kernels and ROM images.')
    .demandCommand(1)
    .example('emu boot', 'the built-in guest: self-test and a prompt')
    .example('emu pull debian && emu boot debian', 'a Linux shell');
  return Object.values(COMMANDS).reduce((all, { define, usage }) => define(all, usage, done), cli);
}

async function parserOf(words: readonly string[], scriptName: string): Promise<Argv> {
  return yargs([...words])
    .scriptName(scriptName)
    .locale('en')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
    })
    .version(await packageVersion())
    .help()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message, error) => {
      throw error ?? new UsageError(message.replace(/\n/g, ' '));
    });
}

function withOptions<T>(args: Argv<T>, table: OptionTable): Argv<T> {
  for (const [name, { type, alias, describe, group, hidden, value }] of Object.entries(table)) {
    const text = value === undefined ? describe : `${value}: ${describe}`;
    args.option(name, { type, alias, describe: text, group, hidden });
  }
  return args;
}

/** The one argument that a command takes. */
function only(first: string | undefined, rest: readonly (string | number)[], what: string): string {
  if (first === undefined) throw new UsageError(`name ${what}`);
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is one argument too many: name ${what}`);
  return first;
}
