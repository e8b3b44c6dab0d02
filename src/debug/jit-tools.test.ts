import { expect, test } from 'vitest';
import type { JitOptions } from '../accel/tcg/jit/options.ts';
import { createMachine } from '../machine/create-machine.ts';
import { attachDumps } from './dump-code.ts';
import { describeProfile } from './jit-report.ts';
import { Monitor } from './monitor.ts';
import { RunControl } from './run-control.ts';

/** 16-bit code at F000:0000 that loops 5,000 times over five instructions and then ends the machine. */
// biome-ignore format: an instruction at a time
const LOOP = [
  0xba, 0x88, 0x13, // mov dx,5000
  0x40,             // inc ax
  0x01, 0xc3,       // add bx,ax
  0x31, 0xd9,       // xor cx,bx
  0x4a,             // dec dx
  0x75, 0xf8,       // jnz
  0xe6, 0xf4,       // out 0xf4,al
  0xf4,             // hlt
];

async function run(jit: JitOptions) {
  const firmware = new Uint8Array(0x10000).fill(0xf4);
  firmware.set([0xe9, 0x0d, 0x00], 0xfff0);
  firmware.set(LOOP);
  const machine = await createMachine({ memory: '4M', firmware, icount: true, jit: { hot: 100, ...jit } });
  const dumped = { ir: '', jit: '' };
  attachDumps(machine, { ir: (text) => (dumped.ir += text), jit: (text) => (dumped.jit += text) });
  const monitor = new Monitor(new RunControl(machine), () => {});
  machine.start();
  expect((await machine.exit).reason).toBe('debug-exit');
  return { ...dumped, info: await monitor.execute('info jit') };
}

test('info jit and the dumps tell of the region that was made', async () => {
  const { info, ir, jit } = await run({});
  expect(info).toMatch(/^regions: 1 of 1 made, 0 dropped, 0 evicted, 0 refused, after 100 entries; \d instructions/);
  expect(info).toMatch(/^made as JavaScript: 1, \d+\.\d KB of text; as WebAssembly: 0, 0\.0 KB of code$/m);
  const [, ran, part] = /instructions: (\d+) in regions \(([\d.]+) %\), \d+ interpreted/.exec(info)!;
  expect(Number(ran)).toBeGreaterThan(4800 * 5);
  expect(Number(ran)).toBeLessThanOrEqual(5000 * 5);
  expect(Number(part)).toBeGreaterThan(90);
  expect(info).toMatch(/interpreter: \d+ records of \d+ decoded blocks, 0 invalidated, \d+ forms/);
  expect(ir).toMatch(/^region_0_0_3: \d instructions in \d blocks\nblock 0 at 00000003, ends in branch\n/);
  expect(ir).toMatch(/ {2}00000004 {2}add +bx,ax\n {6}.*get/);
  expect(jit).toContain('// form INC_16');
  expect(jit).toContain('return function region_0_0_3(i)');
});

test('nobody prints regions when no dump is asked for', async () => {
  const machine = await createMachine({ memory: '4M' });
  attachDumps(machine, {});
  expect(machine.tcg.regions?.onMade).toBeUndefined();
});

test('only the regions that are asked for are made', async () => {
  const { info, ir } = await run({ only: { from: 1, to: 100 } });
  expect(info).toMatch(/^regions: 0 of 0 made, 0 dropped, 0 evicted, 1 refused/);
  expect(ir).toBe('');
});

test('a profile adds up by tier and names the hottest functions', () => {
  const text = describeProfile(
    [
      { name: 'region_1_0_c0100000', url: 'emu:regions', ms: 60 },
      { name: 'ADD_32', url: 'emu:interpreter', ms: 20 },
      { name: 'MOV_32', url: 'emu:interpreter', ms: 15 },
      { name: '(garbage collector)', url: '', ms: 5 },
    ],
    2,
  );
  expect(text.split('\n').map((line) => line.trim())).toEqual([
    '60.0 %  regions',
    '35.0 %  interpreter',
    '5.0 %  garbage collection',
    '',
    '60.0 %  region_1_0_c0100000, regions',
    '20.0 %  ADD_32, interpreter',
  ]);
});

test('profile says what it takes', async () => {
  const machine = await createMachine({ memory: '4M' });
  const monitor = new Monitor(new RunControl(machine), () => {});
  expect(await monitor.execute('profile 0')).toBe('profile takes 1 to 60 seconds');
  expect(await monitor.execute('profile 0.05')).toMatch(/%/);
});
