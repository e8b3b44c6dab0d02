import { expect, test } from 'vitest';
import type { TcgVcpu } from '../../src/accel/tcg/vcpu.ts';
import { createMachine } from '../../src/machine/create-machine.ts';

/** 16-bit code at F000:0000 that adds 5,000 times to words at odd addresses, and ends the machine with a byte of one. */
// biome-ignore format: an instruction at a time
const LOOP = [
  0xba, 0x88, 0x13,             // mov dx,5000
  0x03, 0x1e, 0x01, 0x10,       // add bx,[1001h]
  0x83, 0x06, 0x03, 0x10, 0x03, // add word [1003h],3
  0x4a,                         // dec dx
  0x75, 0xf4,                   // jnz
  0xa0, 0x04, 0x10,             // mov al,[1004h]
  0xe6, 0xf4,                   // out 0xf4,al
  0xf4,                         // hlt
];

test('a region that is left for odd addresses is made again for them', async () => {
  const firmware = new Uint8Array(0x10000).fill(0xf4);
  firmware.set([0xe9, 0x0d, 0x00], 0xfff0);
  firmware.set(LOOP);
  const machine = await createMachine({ memory: '4M', firmware, icount: true, jit: { hot: 100 } });
  machine.start();
  expect(await machine.exit).toMatchObject({ reason: 'debug-exit', status: ((15_000 >> 8) << 1) | 1 });
  const { made, dropped, misses } = (machine.vcpu as TcgVcpu).regions!.stats;
  expect([made, dropped]).toEqual([2, 1]);
  // The 64 times that it takes, and one for each page of data that is not in the TLB.
  expect(misses).toBeLessThan(80);
});
