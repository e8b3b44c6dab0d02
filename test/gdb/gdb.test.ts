import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GdbStub } from '../../src/debug/gdb/stub.ts';
import { Monitor } from '../../src/debug/monitor.ts';
import { RunControl } from '../../src/debug/run-control.ts';
import { findGuest } from '../../src/host/pull/pull-debian.ts';
import { TcpServer } from '../../src/host/tcp-server.ts';
import { createMachine, type MachineOptions } from '../../src/machine/create-machine.ts';
import { NO_KVM } from '../kvm/support.ts';

const present = (tool: string): boolean =>
  spawnSync(tool, ['--version']).status === 0 || spawnSync(tool, ['-v']).status === 0;
const missing = ['gdb', 'nasm'].filter((tool) => !present(tool));
const AMD64 = missing.length === 0 && spawnSync('gdb', ['-batch', '-ex', 'set architecture i386:x86-64']).status === 0;
const reason = missing.length > 0 ? `not installed: ${missing.join(', ')}` : 'this gdb knows no x86-64';

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'emu-gdb-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Assembles a source of this folder to a flat binary. */
function assemble(source: string): Uint8Array {
  const binary = join(scratch, `${source}.bin`);
  execFileSync('nasm', ['-f', 'bin', '-o', binary, join(import.meta.dirname, source)]);
  return readFileSync(binary);
}

/** Serves a stopped machine, lets gdb run commands, and answers what gdb printed. */
async function debug(options: MachineOptions, port: number, commands: readonly string[]): Promise<string> {
  const control = new RunControl(await createMachine({ memory: '16M', ...options }));
  const monitor = new Monitor(control, () => {});
  const server = new TcpServer((peer) => new GdbStub(control, monitor, peer, { onKill: () => {} }));
  await server.listen(port);
  const script = join(scratch, `script-${port}`);
  const setup = ['set pagination off', 'set confirm off', 'set width 0', `target remote 127.0.0.1:${port}`];
  writeFileSync(script, [...setup, ...commands].join('\n'));
  try {
    return await new Promise<string>((resolve, reject) => {
      const gdb = spawn('gdb', ['-nx', '-batch', '-x', script], { timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      gdb.stdout.on('data', (bytes) => (text += bytes));
      gdb.stderr.on('data', (bytes) => (text += bytes));
      gdb.on('error', reject);
      gdb.on('close', () => resolve(text));
    });
  } finally {
    server.close();
    await control.machine.stop();
  }
}

const debian = await findGuest('debian', { arch: 'amd64' });

describe.skipIf(!AMD64)(`real gdb${AMD64 ? '' : ` (${reason})`}`, () => {
  const settings = {
    jit: { tier: 'jit' },
    interp: { tier: 'interp' },
    eval: { tier: 'eval' },
    kvm: { accel: 'kvm' },
  } as const;
  test.each(NO_KVM === undefined ? (['jit', 'interp', 'eval', 'kvm'] as const) : (['jit', 'interp', 'eval'] as const))(
    '64-bit mode: breakpoints, steps, registers, memory, watchpoints (%s)',
    async (name) => {
      const text = await debug({ kernel: assemble('long-mode.asm'), ...settings[name] }, 20_231, [
        'p/x $pc',
        'hbreak *0x100100',
        'continue',
        'p/x $efer',
        'stepi 8',
        'p/x $rip',
        'p/x $rax',
        'break *0xffff800000100220',
        'continue',
        'p $st0',
        'p $st1',
        'p/x $xmm3.uint128',
        'p/x $ftag',
        'delete',
        'watch *(int*)0xffff800000100300',
        'continue',
        'continue',
        'p/x $rip',
        'p $rcx',
        'delete',
        'x/s 0x100304',
        'x/2i $pc',
        'set var *(int*)0x100300 = 77',
        'set var $r8 = 0x1234',
        'p/x $r8',
        'rwatch *(int*)0xffff800000100300',
        'continue',
        'delete',
        'monitor info status',
        'monitor x /1i $rip',
        'monitor bogus',
        'info threads',
        'break *0xffff800000100220',
        'continue',
        'continue',
        'p $rcx',
        'x/4xb 0x7fffffffffff',
        'detach',
      ]);
      const printed = (n: number): string | undefined => new RegExp(`^\\$${n} = (.*)$`, 'm').exec(text)?.[1];
      expect(printed(1), text).toBe('0x100020');
      expect(text).toContain('Breakpoint 1, 0x0000000000100100');
      expect(printed(2)).toBe('0x500');
      expect(printed(3)).toBe('0xffff800000100200');
      expect(printed(4)).toBe('0x1122334455667788');
      expect(text).toContain('Breakpoint 2, 0xffff800000100220');
      expect(printed(5)).toMatch(/^3\.14159265358979323/);
      expect(printed(6)).toBe('1');
      expect(printed(7)).toBe('0x1122334455667788');
      expect(printed(8)).toBe('0xfff');
      expect(text).toMatch(/Old value = 0\s+New value = 1/);
      expect(text).toMatch(/Old value = 1\s+New value = 2/);
      expect(printed(9)).toBe('0xffff80000010022b');
      expect(printed(10)).toBe('2');
      expect(text).toContain('"hello, gdb"');
      expect(text).toMatch(/=> 0xffff80000010022b:\s+nop/);
      expect(printed(11)).toBe('0x1234');
      expect(text).toMatch(/Hardware read watchpoint 4: [^\n]*\s+Value = 77/);
      expect(text).toContain('64-bit mode');
      expect(text).toContain('there is no command bogus');
      expect(text).toContain('CPU#0');
      expect(printed(12)).toBe('3');
      expect(text).toContain('Cannot access memory at address 0x7fffffffffff');
    },
  );

  test('a CPU without long mode: real mode from the reset vector, 32-bit registers', async () => {
    const rom = new Uint8Array(0x10000).fill(0xf4);
    // jmp short to F000:0000; there: mov ax,1234h; push ax; inc word [500h]; jmp to itself
    rom.set([0xe9, 0x0d, 0x00], 0xfff0);
    rom.set([0xb8, 0x34, 0x12, 0xbc, 0x00, 0x70, 0x50, 0xff, 0x06, 0x00, 0x05, 0xeb, 0xfa], 0);
    const text = await debug({ firmware: rom, cpu: 'qemu32' }, 20_232, [
      'p/x $cs',
      'p/x $eip',
      'stepi',
      'p/x $eip',
      'stepi 3',
      'p/x $eax',
      'p/x $esp',
      'x/1xh 0x6ffe',
      'watch *(short*)0x500',
      'continue',
      'continue',
      'x/1xh 0x500',
      'info registers fctrl',
    ]);
    const printed = (n: number): string | undefined => new RegExp(`^\\$${n} = (.*)$`, 'm').exec(text)?.[1];
    expect(printed(1), text).toBe('0xf000');
    expect(printed(2)).toBe('0xfff0');
    expect(printed(3)).toBe('0x0');
    expect(printed(4)).toBe('0x1234');
    expect(printed(5)).toBe('0x6ffe');
    expect(text).toMatch(/0x6ffe:\s+0x1234/);
    expect(text).toMatch(/0x500:\s+0x0002/);
    expect(text).toMatch(/fctrl\s+0x40/);
  });

  test.skipIf(debian === undefined)(
    `Debian's kernel: its 64-bit entry, the unpacked kernel, a step${debian === undefined ? ' (no guest: emu pull debian)' : ''}`,
    async () => {
      const { kernel, initrd } = debian!;
      const options = { kernel, initrd, memory: '256M', append: 'console=ttyS0 nokaslr' };
      // The 64-bit entry is 200h behind the 32-bit one (Linux boot protocol); without KASLR it unpacks to 1000000h.
      const text = await debug(options, 20_233, [
        'hbreak *0x100200',
        'continue',
        'p/x $rip',
        'p/x $efer',
        'p/x $cr0 & 0x80000001',
        'info registers cs',
        'delete',
        'hbreak *0x1000000',
        'continue',
        'p/x $rip',
        'stepi',
        'p $rip > 0x1000000 && $rip < 0x1000010',
        'x/2i $pc',
        'monitor info status',
      ]);
      const printed = (n: number): string | undefined => new RegExp(`^\\$${n} = (.*)$`, 'm').exec(text)?.[1];
      expect(printed(1), text).toBe('0x100200');
      expect(printed(2)).toBe('0x500');
      expect(printed(3)).toBe('0x80000001');
      expect(text).toMatch(/^cs +0x10 /m);
      expect(printed(4)).toBe('0x1000000');
      expect(printed(5)).toBe('1');
      expect(text).toMatch(/=> 0x100000\d:/);
      expect(text).toContain('64-bit mode');
    },
  );
});
