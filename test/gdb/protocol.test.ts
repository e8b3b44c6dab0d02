import { expect, test, vi } from 'vitest';
import { framePacket } from '../../src/debug/gdb/packets.ts';
import { GdbStub } from '../../src/debug/gdb/stub.ts';
import { Monitor } from '../../src/debug/monitor.ts';
import { RunControl } from '../../src/debug/run-control.ts';
import { createMachine } from '../../src/machine/create-machine.ts';

vi.setConfig({ testTimeout: 20_000 });

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** A stub with a machine behind it and nobody in front. */
async function setUp() {
  // jmp short to itself at the reset vector
  const firmware = new Uint8Array(0x10000).fill(0xf4);
  firmware.set([0xeb, 0xfe], 0xfff0);
  const machine = await createMachine({ memory: '4M', firmware });
  const control = new RunControl(machine);
  let sent = '';
  let waiting = () => {};
  const connection = {
    send(data: Uint8Array) {
      sent += String.fromCharCode(...data);
      waiting();
    },
    close() {},
  };
  const stub = new GdbStub(control, new Monitor(control, () => {}), connection, { onKill: () => {} });
  const received = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      waiting = () => {
        const found = pattern.exec(sent);
        if (found === null) return;
        waiting = () => {};
        sent = sent.slice(found.index + found[0].length);
        resolve(found[0]);
      };
      waiting();
    });
  const ask = async (payload: string): Promise<string> => {
    stub.receive(framePacket(payload));
    return (await received(/\$([^#]*)#[\da-f]{2}/s)).slice(1, -3);
  };
  return { machine, control, stub, received, ask };
}

test('a wrong checksum is refused, and the packet is taken when it comes again', async () => {
  const { stub, received, ask } = await setUp();
  stub.receive(bytes('$?#00'));
  await received(/^-/);
  stub.receive(bytes('$?#zz'));
  await received(/^-/);
  expect(await ask('?')).toBe('T05thread:01;');
  stub.receive(bytes('-'));
  expect(await received(/\$T05thread:01;#../)).toBeTruthy();
});

test.each([
  ['mffffffffffffffff,ffffffffffffffff', 'E16'],
  ['m10000000000000000,1', 'E16'],
  ['m800000000000,4', 'E0e'],
  ['m,', 'E16'],
  ['Mfff0,2:zz', 'E16'],
  ['Mfffffff0,1:00', 'E0e'],
  ['p7fffffff', 'E16'],
  ['P0=12', 'E16'],
  ['G12345', 'E16'],
  ['Z1,x,1', ''],
  ['Z2,0,ffffffff', 'E16'],
  ['Z9,0,1', ''],
  ['qXfer:features:read:../etc/passwd:0,100', 'E00'],
  ['qXfer:features:read:target.xml:ffffff,100', 'l'],
  ['qRcmd,6', 'E16'],
  ['vCont;x', ''],
  ['vMustReplyEmpty', ''],
  ['sxyz', 'E16'],
  ['', ''],
])('%s is answered by "%s"', async (packet, answer) => {
  const { ask } = await setUp();
  expect(await ask(packet)).toBe(answer);
  expect(await ask('qC')).toBe('QC01');
});

test('the answers have the sizes that were announced', async () => {
  const { ask } = await setUp();
  const limit = Number.parseInt(/PacketSize=([\da-f]+)/.exec(await ask('qSupported:xmlRegisters=i386'))![1]!, 16);
  expect((await ask('m0,7fffffff')).length).toBe(limit);
  expect((await ask('g')).length).toBe(2 * (17 * 8 + 7 * 4 + 80 + 32 + 256 + 4 + 24 + 48));
});

test('packets that are too long, or end nowhere, do no harm', async () => {
  const { stub, received, ask } = await setUp();
  stub.receive(bytes(`$${'m'.repeat(3_000_000)}`));
  stub.receive(bytes('#00'));
  await received(/-/);
  // The escape takes the next packet's first byte with it: that one is refused, and comes again.
  stub.receive(bytes('noise }}} $X0,3:}'));
  stub.receive(framePacket('qC'));
  await received(/-/);
  expect(await ask('qC')).toBe('QC01');
});

test('binary data is unescaped and reaches memory', async () => {
  const { ask, machine } = await setUp();
  expect(await ask('X1000,4:#$}*')).toBe('OK');
  expect(machine.pc.memory.read(0x1000, 4)).toBe(0x2a7d2423);
  expect(await ask('M1004,2:beef')).toBe('OK');
  expect(await ask('m1000,6')).toBe('23247d2abeef');
});

test('Ctrl-C stops a running guest; a client that vanishes lets it go on without its breakpoints', async () => {
  const { stub, received, ask, control, machine } = await setUp();
  expect(await ask('?')).toBe('T05thread:01;');
  stub.receive(framePacket('c'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  stub.receive(Uint8Array.of(3));
  expect(await received(/\$T[^#]*#/)).toBe('$T02thread:01;#');
  expect(await ask('Z0,fffffff0,1')).toBe('OK');
  stub.receive(framePacket('c'));
  expect(await received(/\$T[^#]*#/)).toBe('$T05thread:01;#');
  stub.receive(bytes('$m0,'));
  stub.disconnected();
  const before = machine.vcpu.instructions;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(control.stopped).toBe(false);
  expect(machine.vcpu.instructions).toBeGreaterThan(before);
  await machine.stop();
});

test('registers: RIP and EFLAGS can be set, selectors and control registers cannot', async () => {
  const { ask, machine } = await setUp();
  expect(await ask('P10=0010000000000000')).toBe('OK');
  expect(machine.readState().get('rip')).toBe(0x1000n);
  expect(await ask('P11=ffffffff')).toBe('OK');
  expect(await ask('p11')).toBe('d77f3d00');
  expect(await ask('p12')).toBe('00f00000');
  expect(await ask('P12=34120000')).toBe('E16');
  expect(await ask('P12=00f00000')).toBe('OK');
});
