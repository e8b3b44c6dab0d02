import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/accel/kvm/ffi.ts';
import { CS, RAX, RBX, W } from '../../src/cpu/state.ts';
import { TcpServer } from '../../src/host/tcp-server.ts';
import { Bench, NO_KVM, WHY } from './support.ts';

const IOPL_3 = 0x3000n;
const F_GETFL = 3;
const PORT = 41_734;

describe.skipIf(NO_KVM !== undefined)(`ring 3 alone under KVM${WHY}`, () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench(await loadLibc(), 'user');
  });
  afterEach(() => bench.close());

  test('with IOPL 3 a port is reached, and PUSHF shows it', () => {
    // PUSHFQ; POP RBX; OUT 80h,AL; HLT, which ring 3 may not: there is no IDT, and the CPU shuts down
    const state = bench.longMode([0x9c, 0x5b, 0xe6, 0x80, 0xf4], 3);
    state.set('rflags', IOPL_3 | 2n);
    bench.kvm.writeState(state);
    expect(bench.runToHalt()).toBe('shutdown');
    expect(bench.seen.map(({ kind, at }) => [kind, at])).toEqual([['out', 0x80]]);
    expect(bench.tcg.state.get('gpr', RBX) & IOPL_3).toBe(IOPL_3);
  });

  test('input ends the run of a program that never leaves, and the file is as it was afterwards', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'emu-input-'));
    const pipe = join(folder, 'pipe');
    execFileSync('sh', ['-c', `mkfifo ${pipe}`]);
    const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const libc = await loadLibc();
    const flags = (): number => libc.call('fcntl', ['int', 'int', 'long'], [fd, F_GETFL, 0]);
    const before = flags();
    // JMP to itself
    bench.kvm.writeState(bench.longMode([0xeb, 0xfe], 3));
    bench.sliceNs = 20e9;
    bench.kvm.watchInput(fd);
    expect(flags()).not.toBe(before);
    spawn('sh', ['-c', `sleep 0.2; echo x >${pipe}`]);
    expect(bench.kvm.run(1).reason).toBe('input');
    bench.sliceNs = 1000;
    expect(bench.kvm.run(1).reason).toBe('budget');
    bench.kvm.close();
    expect(flags()).toBe(before);
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  test("a socket's input ends the run; one that is closed is left alone", async () => {
    let opened = (_fd: number): void => {};
    const connected = new Promise<number>((resolve) => {
      opened = resolve;
    });
    let gone = (): void => {};
    const closed = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const received: string[] = [];
    const files = {
      opened: (fd: number) => {
        bench.kvm.watchInput(fd);
        opened(fd);
      },
      closed: (fd: number) => {
        bench.kvm.forgetInput(fd);
        gone();
      },
    };
    const handler = { receive: (bytes: Uint8Array) => void received.push(String(bytes)), disconnected: () => {} };
    const server = new TcpServer(() => handler, files);
    await server.listen(PORT);
    // JMP to itself
    bench.kvm.writeState(bench.longMode([0xeb, 0xfe], 3));
    bench.sliceNs = 20e9;
    spawn('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${PORT}; sleep 0.5; echo x >&3; sleep 0.5`]);
    const fd = await connected;
    expect(bench.kvm.run(1).reason).toBe('input');
    await closed;
    expect(received).toEqual(['x\n']);
    // Another file of the same number.
    const file = openSync('/dev/null', constants.O_RDWR | constants.O_APPEND);
    expect(file).toBe(fd);
    const libc = await loadLibc();
    const before = libc.call('fcntl', ['int', 'int', 'long'], [file, F_GETFL, 0]);
    bench.kvm.close();
    expect(libc.call('fcntl', ['int', 'int', 'long'], [file, F_GETFL, 0])).toBe(before);
    closeSync(file);
    server.close();
  });

  test('a program that goes over to compatibility mode leaves KVM', () => {
    const GDT = 0x3000;
    // JMP FAR [RIP+0] to 1010h in segment 28h; there: DEC EAX, which is a prefix in 64-bit code, and JMP back
    const far = [0xff, 0x2d, 0, 0, 0, 0, 0x10, 0x10, 0, 0, 0x2b, 0];
    const state = bench.longMode([...far, 0, 0, 0, 0, 0x48, 0xeb, 0xfd], 3);
    // A code segment of ring 3 with 32-bit code and 4 GiB (SDM 3A figure 5-1).
    bench.map.writeBytes(GDT + 0x28, Uint8Array.of(0xff, 0xff, 0, 0, 0, 0xfb, 0xcf, 0));
    state.set('gdtrBase', BigInt(GDT));
    state.set('gdtrLimit', 0x2fn);
    bench.kvm.writeState(state);
    bench.kvm.run(1);
    expect(bench.kvm.counts.runs).toBeGreaterThan(0);
    for (let turn = 0; turn < 50; turn++) bench.kvm.run(1);
    const { runs, interpreted } = bench.kvm.counts;
    for (let turn = 0; turn < 3; turn++) bench.kvm.run(1);
    expect(bench.kvm.counts.runs).toBe(runs);
    expect(bench.kvm.counts.interpreted).toBeGreaterThan(interpreted + 1000);
    expect(bench.state().get('selector', CS)).toBe(0x2bn);
    expect(bench.state().get('gpr', RAX)).toBeGreaterThan(0n);
  });

  test('a program that is given up leaves nothing in SSE registers', () => {
    // MOVQ XMM0,RBX; JMP to itself
    const state = bench.longMode([0x66, 0x48, 0x0f, 0x6e, 0xc3, 0xeb, 0xfe], 3);
    bench.kvm.writeState(state);
    bench.kvm.run(1);
    expect(bench.state().words[W.xmm]).toBe(0);
    state.set('gpr', 5n, RBX);
    bench.kvm.writeState(state);
    bench.kvm.run(1);
    // As a reset does; at the second instruction
    state.set('rip', state.get('rip') + 5n);
    bench.kvm.writeState(state);
    bench.kvm.run(1);
    expect(bench.state().words[W.xmm]).toBe(0);
  });
});
