import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from './run-emu.ts';

let scratch = '';
const app = (): string => join(scratch, 'app');
const npm = (cwd: string, ...args: string[]): string =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
  });

/** The tarball that would be published, installed into an empty folder. */
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'emu-package-'));
  npm(ROOT, 'pack', '--pack-destination', scratch);
  const [tarball] = readdirSync(scratch);
  execFileSync('mkdir', [app()]);
  writeFileSync(join(app(), 'package.json'), '{"name":"app","private":true,"type":"module"}');
  npm(app(), 'install', join(scratch, tarball!));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const run = (program: string, args: string[], input = '') =>
  spawnSync(program, args, { cwd: app(), encoding: 'utf8', input, timeout: 120_000 });

test('the command is there, and runs', () => {
  const { status, stdout } = run('npx', ['emu', '--version']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${process.env.npm_package_version ?? '0.1.0'}\n` });
  expect(run('npx', ['emu', 'boot', '--kernel', 'nothing'])).toMatchObject({ status: 2 });
});

test('the built-in guest comes along', () => {
  const { status, stdout } = run('npx', ['emu', 'boot'], '\rpoweroff\r');
  expect(stdout).toContain('emu ROM');
  expect(status).toBe(0);
});

test('the library: from a program, with types', () => {
  const program = `
    import { createMachine, type MachineExit } from 'emu';
    const machine = await createMachine({ memory: '16M' });
    machine.start();
    await machine.console.waitFor('emu> ', 100_000);
    machine.console.type('poweroff\\n');
    const exit: MachineExit = await machine.exit;
    console.log(exit.reason);
  `;
  writeFileSync(join(app(), 'program.ts'), program);
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--types', 'node'];
  const roots = ['--typeRoots', join(ROOT, 'node_modules/@types')];
  expect(run(tsc, [...options, ...roots, 'program.ts'])).toMatchObject({ status: 0, stdout: '' });
  expect(run(process.execPath, ['program.js'])).toMatchObject({ status: 0, stdout: 'poweroff\n' });
});

test('sources and tests stay at home', () => {
  const folder = join(app(), 'node_modules/emu');
  expect(readdirSync(folder).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'firmware',
    'package.json',
  ]);
  expect(statSync(join(folder, 'dist/cli/main.js')).mode & 0o111).not.toBe(0);
});
