import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMU, emu, ROOT } from './run-emu.ts';

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'emu-life-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** mov dx, 3FBh; mov al, 3; out dx, al: COM1 has five bits a character after a reset. */
const EIGHT_BITS = [0xba, 0xfb, 0x03, 0xb0, 0x03, 0xee];

let roms = 0;
/** A ROM that runs 16-bit code from F000:0000. */
function rom(...code: number[]): string {
  const bytes = new Uint8Array(0x10000).fill(0xf4);
  bytes.set([0xe9, 0x0d, 0x00], 0xfff0); // jmp 0
  bytes.set([...EIGHT_BITS, ...code]);
  const path = join(scratch, `rom-${roms++}`);
  writeFileSync(path, bytes);
  return path;
}

// biome-ignore-start format: machine code, an instruction at a time
/** mov al, value; out F4h, al; hlt */
const debugExit = (value: number): number[] => [0xb0, value, 0xe6, 0xf4, 0xf4];
/** cli; hlt */
const HALTED = [0xfa, 0xf4];
/** Waits for THRE and prints x, without end. */
const WRITER = [0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb, 0xba, 0xf8, 0x03, 0xb0, 0x78, 0xee, 0xeb, 0xf0];
/** Echoes what comes in on COM1 until Q, then exits with 163. */
const ECHO = [
  0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xfb, 0xba, 0xf8, 0x03, 0xec, 0xee, 0x3c, 0x51, 0x75, 0xef, 0xe6, 0xf4,
  0xf4,
];
/** mov al, 0FEh; out 64h, al: pulses the reset line */
const RESET = [0xb0, 0xfe, 0xe6, 0x64, 0xf4];
/** An IDT of length 0, then an interrupt: shutdown at once. */
const TRIPLE_FAULT = [0x2e, 0x0f, 0x01, 0x1e, 0x16, 0x00, 0xcd, 0x00, ...new Array(8).fill(0), 0, 0, 0, 0, 0, 0];
/** Prints x on port E9h, without end. */
const DEBUGCON_WRITER = [0xb0, 0x78, 0xe6, 0xe9, 0xeb, 0xfc];
// biome-ignore-end format: machine code, an instruction at a time

describe('exit status', () => {
  test('isa-debug-exit', async () => {
    expect((await emu(['boot', '--bios', rom(...debugExit(5))])).status).toBe(11);
  });

  test.each([
    ['a reset', RESET],
    ['a triple fault', TRIPLE_FAULT],
  ])('%s with --no-reboot', async (_, code) => {
    expect(await emu(['boot', '-no-reboot', '--bios', rom(...code)])).toMatchObject({ status: 0, stderr: '' });
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s', async (signal, status) => {
    const path = rom(0xb0, 0x21, 0xba, 0xf8, 0x03, 0xee, ...HALTED); // prints ! and halts
    const outcome = await emu(['boot', '--bios', path], {
      watch: (stdout, child) => void (stdout.includes('!') && child.kill(signal)),
    });
    expect(outcome).toMatchObject({ status, signal: null, stderr: '' });
  });

  test('a guest that triple-faults in a loop can be ended', async () => {
    const path = rom(0xb0, 0x21, 0xba, 0xf8, 0x03, 0xee, ...TRIPLE_FAULT); // prints ! and dies
    const outcome = await emu(['boot', '--bios', path], {
      watch: (stdout, child) => void (stdout.includes('!!!!!!!!') && child.kill('SIGTERM')),
    });
    expect(outcome).toMatchObject({ status: 143, signal: null, stderr: '' });
  });
});

describe('pipes', () => {
  test('piped input reaches the guest whole, and its end stops nothing', async () => {
    const input = `${'0123456789'.repeat(120)}Q`;
    const { status, stdout } = await emu(['boot', '--bios', rom(...ECHO)], { input });
    expect({ status, stdout }).toEqual({ status: 163, stdout: input });
  });

  test('standard output closed by its reader: quietly over', async () => {
    const child = spawn(process.execPath, [...EMU, 'boot', '--bios', rom(...WRITER)], { cwd: ROOT });
    let stderr = '';
    child.stderr.on('data', (bytes) => (stderr += bytes));
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on('exit', resolve));
    expect({ status, stderr }).toEqual({ status: 141, stderr: '' });
  });

  test.each([
    ['boot', ['boot', '--bios', 'rom']],
    ['disasm', ['disasm', '--bits', '16', 'rom']],
  ])('standard output on a full disk: one line that says so (%s)', (_, args) => {
    const words = args.map((word) => (word === 'rom' ? rom(...WRITER) : word));
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [...EMU, ...words], {
      cwd: ROOT,
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'emu: standard output does not fit: the file system is full\n',
    });
  });

  test.each([
    ['the serial line', WRITER, []],
    ['debugcon', DEBUGCON_WRITER, ['--debugcon', 'stdio', '--serial', 'none']],
    ['a trace', WRITER, ['--trace', 'cpu,io', '--serial', 'none']],
  ] as const)(
    'a guest that writes forever to %s, and nobody reads: bounded memory, and it can be ended',
    async (_, code, args) => {
      const child = spawn(process.execPath, [...EMU, 'boot', '-m', '4M', '--bios', rom(...code), ...args], {
        cwd: ROOT,
      });
      child.stdout.pause();
      child.stderr.pause();
      const resident = (): number =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;
      await new Promise((resolve) => setTimeout(resolve, 5000));
      const before = resident();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      expect(resident() - before).toBeLessThan(60);
      child.kill('SIGTERM');
      expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(143);
    },
  );
});

describe('serial, debugcon and trace elsewhere', () => {
  test('files', async () => {
    const file = (name: string): string => join(scratch, name);
    // out E9h, 'd'; out COM1, 's'; exit 1
    const code = [0xb0, 0x64, 0xe6, 0xe9, 0xba, 0xf8, 0x03, 0xb0, 0x73, 0xee, ...debugExit(0)];
    const outputs = ['--serial', `file:${file('s')}`, '--debugcon', file('d'), '--trace', `cpu,io:${file('t')}`];
    const { status, stdout } = await emu(['boot', '--bios', rom(...code), ...outputs]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(readFileSync(file('s'), 'latin1')).toBe('s');
    expect(readFileSync(file('d'), 'latin1')).toBe('d');
    const trace = readFileSync(file('t'), 'latin1').trim().split('\n');
    expect(trace[0]).toMatch(/^cpu 0 f000:0000fff0 - jmp/);
    expect(trace).toContain('io out 0x03f8/1 0x73 uart16550 COM1');
    expect(trace.every((line) => /^(cpu|io) /.test(line))).toBe(true);
  });

  test('a socket: one client, both ways', async () => {
    const path = join(scratch, 'com1');
    const done = emu(['boot', '--bios', rom(...ECHO), '--serial', `unix:${path}`]);
    while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 50));
    const socket = connect(path);
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.write('over the wire Q');
    expect((await done).status).toBe(163);
    expect(text).toBe('over the wire Q');
  });

  test('a gdb port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.on('listening', resolve));
    const { port } = server.address() as { port: number };
    const { status, stderr } = await emu(['boot', '--gdb', String(port)]);
    server.close();
    expect(status).toBe(2);
    expect(stderr).toMatch(/^emu: the TCP port \d+ is in use[^\n]*\n$/);
  });
});
