import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { BootError, createMachine, FileError, findGuest, type Machine } from '../../src/index.ts';
import { ROOT } from './run-emu.ts';

let machine: Machine | undefined;
afterEach(async () => {
  await machine?.stop();
  machine = undefined;
});

/** A ROM that runs 16-bit code from F000:0000. */
function rom(...code: number[]): Uint8Array {
  const firmware = new Uint8Array(0x10000).fill(0xf4);
  firmware.set([0xe9, 0x0d, 0x00], 0xfff0);
  firmware.set(code);
  return firmware;
}

// biome-ignore-start format: machine code, an instruction at a time
/** COM1 with 8 bits a character; prints `?`, then each character that comes, plus one. */
const NEXT_LETTER = [
  0xba, 0xfb, 0x03, 0xb0, 0x03, 0xee, 0xba, 0xf8, 0x03, 0xb0, 0x3f, 0xee, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74,
  0xfb, 0xba, 0xf8, 0x03, 0xec, 0x40, 0xee, 0xeb, 0xf0,
];
// biome-ignore-end format: machine code, an instruction at a time

test('wait for a text, type, read the answer, stop', async () => {
  machine = await createMachine({ memory: '4M', firmware: rom(...NEXT_LETTER) });
  machine.start();
  await machine.console.waitFor('?');
  machine.console.type('HAL');
  expect(await machine.console.waitFor(/[A-Z]{3}/)).toBe('IBM');
  expect(machine.console.output).toBe('?IBM');
  await machine.stop();
  expect(await machine.exit).toEqual({ reason: 'stopped' });
});

test('pause, look, step, breakpoint, go on', async () => {
  const code = [0x40, 0x43, 0xeb, 0xfc]; // inc ax; inc bx; jmp back
  machine = await createMachine({ memory: '4M', firmware: rom(...code) });
  expect(machine.readState().get('rip')).toBe(0xfff0n);
  machine.step();
  machine.step();
  expect(machine.readState().get('gpr', 0)).toBe(1n);
  machine.setBreakpoints([{ kind: 'execute', address: 0xffff0001n, length: 1 }]);
  const stopped = new Promise((resolve) => {
    machine!.onDebug = (rip, cause) => resolve({ rip, cause });
  });
  machine.start();
  expect(await stopped).toEqual({ rip: 1n, cause: { kind: 'breakpoint' } });
  expect(machine.running).toBe(false);
});

test('a guest that does not say it: waitFor rejects and shows the last lines', async () => {
  machine = await createMachine({ memory: '4M' });
  machine.start();
  await expect(machine.console.waitFor('no such text', 1500)).rejects.toThrow(/did not print no such text/);
});

test('a machine that ends: who waits is told at once', async () => {
  machine = await createMachine({ memory: '4M' });
  machine.start();
  const waiting = machine.console.waitFor('no such text', 100_000);
  await Promise.all([expect(waiting).rejects.toThrow(/before the machine ended \(stopped\)/), machine.stop()]);
  await expect(machine.console.waitFor('nor this')).rejects.toThrow(/before the machine ended/);
});

test.each([
  [{ kernel: '/nonexistent' }, FileError, /does not exist/],
  [{ kernel: new Uint8Array() }, BootError, /is empty/],
  [{ memory: '5G' }, BootError, /4 GiB/],
  [{ memory: Number.NaN }, BootError, /2M or more/],
  [{ initrd: new Uint8Array(1) }, BootError, /needs a kernel/],
  [{ firmware: new Uint8Array(100) }, BootError, /multiple of 65536/],
])('%j is refused', async (options, kind, message) => {
  const failure = await createMachine(options).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(kind);
  expect((failure as Error).message).toMatch(message);
});

const guest = await findGuest('debian');
describe.skipIf(guest === undefined)(`Debian${guest === undefined ? ' (not pulled)' : ''}`, () => {
  test('the example of README.md, as it stands there', async () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const example = /```ts\n(.*?)```/s.exec(readme)![1]!;
    const { kernel, initrd } = guest!;
    const program = example
      .replace("'emu'", JSON.stringify(join(ROOT, 'dist/index.js')))
      .replace("'vmlinuz'", JSON.stringify(kernel))
      .replace("'initrd.gz'", JSON.stringify(initrd));
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: ROOT,
    });
    expect(stdout).toBe('x86_64\n');
  });
});

test('emitted code is kept in a folder for the next machine with the same guest', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'emu-kept-'));
  const run = async (): Promise<Machine> => {
    machine = await createMachine({ memory: '32M', jitCache: folder });
    machine.start();
    await machine.console.waitFor('emu> ', 300_000);
    machine.console.type('bench integer/64 1\n');
    expect(await machine.console.waitFor('emu> ', 300_000)).toContain('290ded26966c2bb0 ok');
    await machine.stop();
    return machine;
  };
  try {
    const first = (await run()).tcg;
    const { kept } = first.regions!;
    expect(kept).toMatchObject({ loaded: 0, used: 0 });
    expect(kept!.added).toBeGreaterThan(0);
    expect(readdirSync(folder)).toHaveLength(1);
    const { regions, forms } = (await run()).tcg;
    const again = regions!.kept!;
    expect(again.loaded).toBe(kept!.data.regions.length);
    expect(again.used).toBeGreaterThan(0);
    expect(first.forms.kept!.loaded).toBe(0);
    expect(forms.kept!.loaded).toBeGreaterThan(100);
    expect(forms.kept!.isStale).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
