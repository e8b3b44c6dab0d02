import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_KVM } from '../kvm/support.ts';
import { EMU, ROOT } from './run-emu.ts';

const present = spawnSync('tmux', ['-V']).status === 0;
const COMMAND = [process.execPath, ...EMU].join(' ');
const BUNDLE = 'src/cli/main.ts --bundle --splitting --platform=node --format=esm --packages=external'
  .concat(' --out-extension:.js=.mjs --log-level=warning')
  .split(' ');
let servers = 0;

/** A terminal with a shell in it, as tmux draws it. */
class Screen {
  readonly #socket = `emu-test-${process.pid}-${servers++}`;

  constructor() {
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '120', '-y', '50', '-c', ROOT, 'env', 'PS1=READY ', 'sh');
  }

  keys(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  line(text: string): void {
    this.#tmux('send-keys', '-l', text);
    this.keys('Enter');
  }

  text(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-300');
  }

  /** Waits until the screen shows something; resolves with it. */
  async until(pattern: RegExp, ms = 60_000): Promise<string> {
    for (const end = Date.now() + ms; ; ) {
      const text = this.text();
      if (pattern.test(text)) return text;
      if (Date.now() > end) throw new Error(`the screen does not show ${pattern}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  kill(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server']);
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' });
  }
}

describe.skipIf(!present)(`a real terminal${present ? '' : ' (tmux is not installed)'}`, () => {
  let screen: Screen;
  let settings = '';
  beforeEach(async () => {
    screen = new Screen();
    screen.line('clear; stty -a | md5sum | cut -c1-8; echo before');
    settings = /\n?([\da-f]{8})\nbefore/.exec(await screen.until(/^[\da-f]{8}\nbefore$/m))![1]!;
    screen.line('clear');
  });
  afterEach(() => screen.kill());

  /** The terminal is as it was, and the last status is as expected. */
  async function expectRestored(status: number): Promise<void> {
    await screen.until(/READY\s*$/);
    screen.line('echo "status=$?" $(stty -a | md5sum | cut -c1-8)');
    const text = await screen.until(/status=\d+ [\da-f]{8}/);
    expect(/status=(\d+) ([\da-f]{8})/.exec(text)!.slice(1)).toEqual([String(status), settings]);
  }

  test('the guest, the help, the monitor, and the way out', async () => {
    screen.line(`${COMMAND} boot`);
    await screen.until(/^emu> *$/m, 120_000);
    screen.line('help');
    await screen.until(/poweroff/);
    screen.keys('C-a', 'h');
    await screen.until(/Ctrl-A x\s+end emu/);
    screen.keys('C-a', 'c');
    await screen.until(/^\(emu\)\s*$/m);
    screen.line('info registers');
    await screen.until(/RIP=[\da-f]{16}/);
    screen.line('stop');
    screen.line('info status');
    await screen.until(/VM status: paused/);
    screen.line('xx $rip');
    screen.keys('Up', 'C-a', 'C-a', 'Delete');
    screen.keys('Enter');
    await screen.until(/\(emu\) x \$rip\n[\da-f]{8,16}: 0x/);
    screen.line('cont');
    screen.keys('C-a', 'c');
    screen.line('cpu');
    await screen.until(/emu Virtual CPU/);
    screen.keys('C-a', 'x');
    await expectRestored(0);
  });

  test.skipIf(NO_KVM !== undefined)('Ctrl-A x while a program computes under kvm', async () => {
    screen.line(`${COMMAND} boot --accel kvm`);
    await screen.until(/^emu> *$/m, 120_000);
    screen.line('bench integer/64 1000000');
    await screen.until(/^integer +64/m);
    screen.keys('C-a', 'h');
    await screen.until(/Ctrl-A x\s+end emu/);
    screen.keys('C-a', 'x');
    await expectRestored(0);
  });

  test.skipIf(NO_KVM !== undefined)('Ctrl-A x while the guest loops with interrupts off under kvm', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'emu-terminal-'));
    const rom = new Uint8Array(0x10000).fill(0xf4);
    // CLI; MOV DX,3F8h; MOV AL,'!'; OUT DX,AL; JMP to itself. COM1 sends eight bits: MOV DX,3FBh; MOV AL,3; OUT DX,AL.
    rom.set([0xba, 0xfb, 0x03, 0xb0, 0x03, 0xee, 0xfa, 0xba, 0xf8, 0x03, 0xb0, 0x21, 0xee, 0xeb, 0xfe]);
    rom.set([0xe9, 0x0d, 0x00], 0xfff0);
    writeFileSync(join(folder, 'rom'), rom);
    try {
      screen.line(`${COMMAND} boot --accel kvm --bios ${join(folder, 'rom')}`);
      await screen.until(/^!/m);
      screen.keys('C-a', 'x');
      await expectRestored(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.skipIf(NO_KVM !== undefined)('a limit on memory: a line that says so, and the terminal as it was', async () => {
    // Bundled: tsx asks for more address space than the limit.
    const folder = mkdtempSync(join(tmpdir(), 'emu-terminal-'));
    try {
      execFileSync('npx', ['esbuild', ...BUNDLE, `--outdir=${join(folder, 'dist', 'cli')}`], {
        cwd: ROOT,
        stdio: 'pipe',
      });
      for (const name of ['node_modules', 'firmware', 'package.json'])
        symlinkSync(join(ROOT, name), join(folder, name));
      const command = `${process.execPath} ${join(folder, 'dist', 'cli', 'main.mjs')} boot --accel kvm --memory 3G`;
      screen.line(`sh -c 'ulimit -v 2000000; exec ${command}'`);
      await screen.until(
        /^emu: this host does not give 3\d\d\d MB \(ENOMEM\): choose less memory, or raise ulimit -v$/m,
      );
      await expectRestored(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s', async (signal, status) => {
    screen.line(`sh -c 'echo pid=$$; exec ${COMMAND} boot'`);
    const pid = /^pid=(\d+)$/m.exec(await screen.until(/^pid=\d+$/m))![1]!;
    await screen.until(/self-test/);
    process.kill(Number(pid), signal);
    await expectRestored(status);
  });
});
