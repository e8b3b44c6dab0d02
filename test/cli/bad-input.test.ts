import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalArguments } from '../../src/cli/arguments.ts';
import { bootSettings } from '../../src/cli/boot-settings.ts';
import { BOOT_OPTIONS, type Values } from '../../src/cli/options.ts';
import { parseTrace } from '../../src/cli/trace-option.ts';
import { bzImage, elf } from '../boot/images.ts';
import { emu } from './run-emu.ts';

/** What canonical words say, as yargs would hand it over. */
function read(...words: string[]) {
  const values: Record<string, string | boolean> = {};
  const guests: string[] = [];
  for (const word of canonicalArguments(['boot', ...words]).slice(1)) {
    const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) guests.push(word);
    else values[name] = value ?? true;
  }
  return bootSettings(guests, values as Values<typeof BOOT_OPTIONS>);
}

describe('options', () => {
  test('QEMU spells them with one dash, and with the value in the next word', () => {
    const settings = read(
      '-kernel',
      'k',
      '-initrd',
      'i',
      '-append',
      '-x --y=z',
      '-m',
      '1G',
      '-nographic',
      '-no-reboot',
    );
    expect(settings).toMatchObject({ kernel: 'k', initrd: 'i', append: '-x --y=z', memory: '1G', noReboot: true });
    expect(read('-m512', '-smp', '1', '-M', 'pc', '-s', '-S')).toMatchObject({
      memory: '512',
      gdbPort: 1234,
      stopped: true,
    });
    expect(read('-gdb', 'tcp::99')).toMatchObject({ gdbPort: 99 });
    expect(read('-serial', 'unix:/x,server=on,wait=off').serial).toEqual({ kind: 'unix', path: '/x' });
    expect(read('--accel=kvm:tcg', '--kernel=a=b').kernel).toBe('a=b');
  });

  test('dumps go to standard error or to a file', () => {
    expect(read('--dump-ir', '--dump-jit=a=b')).toMatchObject({ dumps: { ir: '', jit: 'a=b' } });
    expect(read('--dump-jit', 'debian')).toMatchObject({ guest: 'debian', dumps: { jit: '' } });
  });

  test('trace channels and their file', () => {
    expect(parseTrace('cpu,int:a:b')).toEqual({ channels: ['cpu', 'int'], file: 'a:b' });
  });

  test.each([
    [['--kernl', 'x'], 'did you mean --kernel?'],
    [['-kernell', 'x'], 'did you mean -kernel?'],
    [['--kernel'], '--kernel needs a value'],
    [['--icount=1'], 'takes no value'],
    [['--jit-only', '5..1'], 'give the first region'],
    [['--jit-off', 'loop'], 'there is no pass "loop"'],
    [['debain'], 'did you mean debian?'],
    [['debian', 'debian'], 'one too many'],
    [['debian', '--kernel', 'x'], 'brings its own kernel'],
    [['--initrd', 'x'], '--initrd needs a kernel'],
    [['--append', 'x'], '--append needs a kernel'],
    [['--arch', 'i386'], 'emu boot debian --arch i386'],
    [['debian', '--arch', 'arm64'], 'choose one of amd64, i386'],
    [['--cpu', 'pentium9'], 'qemu32, qemu64, max'],
    [['--cpu', 'max,+avx512f'], 'not emulated'],
    [['--cpu', 'max,+sse5'], 'unknown CPU feature'],
    [['--accel', 'hax'], 'no accelerator "hax"'],
    [['--switch-accel', 'login:'], 'write kvm:TEXT'],
    [['--tier', 'fast'], 'choose one of'],
    [['--jit-cache', ''], 'on, off, or a folder'],
    [['--serial', 'tcp:1'], 'write stdio, file:FILE'],
    [['--serial', 'file:'], 'write stdio, file:FILE'],
    [['--trace', 'cpu,intt'], 'did you mean int?'],
    [['--trace', 'cpu:'], 'name a file'],
    [['--gdb', '0'], '1 to 65535'],
    [['--gdb', 'tcp:0.0.0.0:1234'], '127.0.0.1 alone'],
    [['-smp', '4'], 'one CPU'],
    [['-M', 'q35'], 'the only machine is pc'],
    [['-display', 'gtk'], 'no display'],
  ])('%j: %s', (words, message) => {
    expect(() => read(...words)).toThrow(message);
  });

  test.each([
    [['bot'], 'did you mean boot?'],
    [['-m', '1G'], 'the command comes first'],
    [['shutdown'], 'there is no command'],
  ])('command %j: %s', (words, message) => {
    expect(() => canonicalArguments(words)).toThrow(message);
  });
});

describe('files', () => {
  let scratch = '';
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'emu-cli-'));
    mkdirSync(join(scratch, 'folder'));
    const file = (name: string, bytes: Uint8Array | string) => writeFileSync(join(scratch, name), bytes);
    file('empty', '');
    file('text', 'hello\n');
    file('truncated', bzImage().subarray(0, 600));
    file('bzImage', bzImage());
    file('huge-initrd', new Uint8Array(20 << 20));
    file('elf', elf());
    file('odd.rom', new Uint8Array(1000));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const at = (name: string): string => join(scratch, name);
  test.each<[string, () => string[], RegExp]>([
    ['a missing kernel', () => ['-kernel', at('nothing')], /does not exist: check the path/],
    ['an empty kernel', () => ['-kernel', at('empty')], /is empty: give/],
    ['a folder as kernel', () => ['-kernel', at('folder')], /is a folder: give a file/],
    ['a device as kernel', () => ['-kernel', '/dev/zero'], /no regular file/],
    ['a text file as kernel', () => ['-kernel', at('text')], /a text file: give a bzImage/],
    ['a truncated kernel', () => ['-kernel', at('truncated')], /./],
    ['a missing initrd', () => ['-kernel', at('elf'), '-initrd', at('nothing')], /initrd .* does not exist/],
    ['a folder as initrd', () => ['-kernel', at('elf'), '-initrd', at('folder')], /initrd .* is a folder/],
    ['an initrd larger than memory', () => ['-kernel', at('bzImage'), '-initrd', at('huge-initrd'), '-m', '24M'], /./],
    ['a kernel larger than memory', () => ['-kernel', at('elf'), '-m', '2M'], /./],
    [
      'a command line that is too long',
      () => ['-kernel', at('bzImage'), '-append', 'x'.repeat(5000)],
      /5000 bytes.*shorten --append/,
    ],
    ['too much memory', () => ['-m', '5G'], /Node's buffers end at 4 GiB/],
    ['far too much memory', () => ['-m', '999999999999G'], /at most 4095M/],
    ['no memory', () => ['-m', '0'], /2M or more/],
    ['negative memory', () => ['-m', '-1'], /no memory size/],
    ['half a page', () => ['-m', '2049.5K'], /whole pages/],
    ['a ROM of an odd size', () => ['--bios', at('odd.rom')], /multiple of 65536/],
    ['a serial file in no folder', () => ['--serial', `file:${at('no/where')}`], /serial file .* does not exist/],
    ['a folder as trace file', () => ['--trace', `cpu:${at('folder')}`], /trace file .* is a folder/],
    ['a serial socket in no folder', () => ['--serial', `unix:${at('no/where')}`], /serial socket .* does not exist/],
    ['a serial socket with a long name', () => ['--serial', `unix:${at('x'.repeat(120))}`], /has too long a name/],
    ['a serial socket on a file', () => ['--serial', `unix:${at('text')}`], /in use/],
  ])('%s', async (_, args, message) => {
    const { status, stdout, stderr } = await emu(['boot', ...args()]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^emu: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+|Error:/);
  });

  test('a guest that was not pulled names the command that pulls it', async () => {
    const { status, stderr } = await emu(['boot', 'debian', '--arch', 'i386'], { env: { XDG_CACHE_HOME: scratch } });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^emu: .*run emu pull debian --arch i386 first\n$/);
  });
});

describe('help', () => {
  test.each([[['--help']], [['boot', '--help']], [['help', 'pull']], [['disasm', '-h']]])('%j', async (words) => {
    const { status, stdout, stderr } = await emu(words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Examples:');
  });

  test('boot --help names every option', async () => {
    const { stdout } = await emu(['boot', '--help']);
    for (const [name, option] of Object.entries(BOOT_OPTIONS)) {
      if (!('hidden' in option)) expect(stdout).toContain(name.length === 1 ? `-${name}` : `--${name}`);
    }
    expect(stdout).toContain('Ctrl-A x');
  });

  test('--version', async () => {
    expect((await emu(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
