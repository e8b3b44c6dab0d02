/**
 * What KVM costs from Node.js: the way out of the guest against a C program, the start of a machine, timer interrupts
 * and a socket's input while a program computes.
 *
 *   npx tsx bench/run-kvm.ts                 all of it; or some: exits, starts, ticks, input
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureExit } from '../src/accel/kvm/measure.ts';
import { openKvm } from '../src/accel/kvm/system.ts';
import { median, spread } from '../src/bench/statistics.ts';
import { TcpServer } from '../src/host/tcp-server.ts';
import { createMachine } from '../src/index.ts';

const ROUNDS = 7;
const BATCHES = 60;
const MESSAGES = 200;
const INPUT_PORT = 41_733;
/** Of `ticks.asm`: the 8254's divisor over its clock. */
const PERIOD_MS = (1193 / 1_193_182) * 1000;

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'emu-kvm-'));

const figure = (values: readonly number[], unit: string): string =>
  `${median(values).toFixed(2)} ${unit} ±${(spread(values) * 100).toFixed(0)} %`;

/** A port write, its exit and the way back: in turn by C and by emu. */
async function exits(): Promise<void> {
  const program = join(folder, 'exit');
  execFileSync('gcc', ['-O2', '-o', program, join(here, 'kvm', 'exit.c')]);
  const system = await openKvm();
  const [c, emu, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const [ns] = execFileSync(program, [String(BATCHES)], { encoding: 'utf8' }).split(' ');
    c.push(Number(ns) / 1000);
    emu.push(measureExit(system, BATCHES).median);
    ratios.push(emu[round]! / c[round]!);
  }
  system.close();
  console.log(`port write and back: C ${figure(c, 'us')}, emu ${figure(emu, 'us')}; emu/C ${figure(ratios, '')}`);
}

/** A process whose guest ends it with its first instruction, against one of Node.js that does nothing. */
function starts(): void {
  const rom = join(folder, 'first.bin');
  const bytes = new Uint8Array(0x10000).fill(0xf4);
  // F000:FFF0: MOV AL,0; OUT F4h,AL.
  bytes.set([0xb0, 0x00, 0xe6, 0xf4], 0xfff0);
  writeFileSync(rom, bytes);
  const emu = join(here, '..', 'dist', 'cli', 'main.js');
  const commands = {
    'node -e 0': ['-e', '0'],
    'emu under tcg': [emu, 'boot', '--bios', rom, '--serial', 'none', '--accel', 'tcg'],
    'emu under kvm': [emu, 'boot', '--bios', rom, '--serial', 'none', '--accel', 'kvm'],
  };
  const times = new Map(Object.keys(commands).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, words] of Object.entries(commands)) {
      const start = performance.now();
      const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
      if (status !== (name === 'node -e 0' ? 0 : 1)) throw new Error(`${name} ended with ${status}: ${stderr}`);
      times.get(name)!.push(performance.now() - start);
    }
  }
  const node = median(times.get('node -e 0')!);
  for (const [name, values] of times) {
    console.log(
      `start, first instruction, end: ${name} ${figure(values, 'ms')}, ${(median(values) / node).toFixed(2)} x`,
    );
  }
}

/** IRQ 0 at 1 kHz while ring 3 computes: what came, and how late. */
async function ticks(accel: 'kvm' | 'tcg'): Promise<void> {
  const kernel = join(folder, 'ticks.bin');
  const sources = join(here, 'kvm/');
  execFileSync('nasm', ['-f', 'bin', '-i', sources, '-o', kernel, join(sources, 'ticks.asm')]);
  const times: number[] = [];
  const machine = await createMachine({
    accel,
    kernel: readFileSync(kernel),
    memory: '8M',
    debugcon: () => times.push(performance.now()),
  });
  machine.start();
  const exit = await machine.exit;
  if (exit.reason !== 'debug-exit') throw new Error(`the timer guest ended with ${exit.reason}`);
  const elapsed = times.at(-1)! - times[0]!;
  const due = Math.round(elapsed / PERIOD_MS);
  const apart = times.slice(1).map((time, n) => Math.abs(time - times[n]! - PERIOD_MS));
  apart.sort((a, b) => a - b);
  const at = (share: number): string => apart[Math.floor(share * (apart.length - 1))]!.toFixed(3);
  console.log(
    `timer at 1 kHz under ${accel}: ${times.length - 1} of ${due} periods, ${due - times.length + 1} lost; ` +
      `jitter ms: median ${at(0.5)}, 99 % ${at(0.99)}, most ${at(1)}`,
  );
}

/** Sends the time, and waits, so often; to the port that is its argument. */
const SENDER = `
  const socket = require('net').connect(Number(process.argv[1]), '127.0.0.1');
  socket.setNoDelay(true);
  let left = ${MESSAGES};
  const send = () => {
    if (left-- === 0) return socket.end();
    socket.write(String(process.hrtime.bigint()) + ' ');
    setTimeout(send, 10 + Math.random() * 20);
  };
  socket.on('connect', () => setTimeout(send, 100));`;

/** From another process by a socket into this one, while a program computes. */
async function input(interrupts: boolean): Promise<void> {
  const machine = await createMachine({ accel: 'kvm', memory: '16M' });
  machine.start();
  await machine.console.waitFor('emu> ', 100_000);
  machine.console.type('bench integer/64 1000000\n');
  await machine.console.waitFor(/integer +64/, 10_000);
  const kvm = machine.kvm!;
  const files = { opened: (fd: number) => kvm.watchInput(fd), closed: (fd: number) => kvm.forgetInput(fd) };
  const late: number[] = [];
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const receive = (bytes: Uint8Array): void => {
    const now = process.hrtime.bigint();
    for (const sent of Buffer.from(bytes).toString().trim().split(' ')) late.push(Number(now - BigInt(sent)) / 1e6);
  };
  const handler = { receive, disconnected: () => end() };
  const server = new TcpServer(() => handler, interrupts ? files : undefined);
  await server.listen(INPUT_PORT);
  spawn(process.execPath, ['-e', SENDER, String(INPUT_PORT)], { stdio: 'inherit' });
  await over;
  server.close();
  await machine.stop();
  late.sort((a, b) => a - b);
  const at = (share: number): string => late[Math.floor(share * (late.length - 1))]!.toFixed(2);
  console.log(
    `socket's input ${interrupts ? 'that ends an entry' : 'for which nothing is ended'}, ${late.length} times: ` +
      `ms: median ${at(0.5)}, 90 % ${at(0.9)}, most ${at(1)}`,
  );
}

const PARTS: Readonly<Record<string, () => void | Promise<void>>> = {
  exits,
  starts,
  ticks: async () => {
    await ticks('kvm');
    await ticks('tcg');
  },
  input: async () => {
    await input(false);
    await input(true);
  },
};

try {
  const chosen = process.argv.slice(2);
  for (const [name, measure] of Object.entries(PARTS)) {
    if (chosen.length === 0 || chosen.includes(name)) await measure();
  }
} finally {
  rmSync(folder, { recursive: true });
}
