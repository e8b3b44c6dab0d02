import { afterEach, describe, expect, it } from 'vitest';
import { createMachine, type Machine, type Tier } from '../../src/index.ts';

/** 16-bit code at F000:0000, with the jump to it at the reset vector. */
function rom(...code: number[]): Uint8Array {
  const bytes = new Uint8Array(0x10000).fill(0xf4);
  bytes.set([0xe9, 0x0d, 0x00], 0xfff0);
  bytes.set(code);
  return bytes;
}

// biome-ignore-start format: machine code, an instruction at a time
const GUESTS: Record<string, Uint8Array> = {
  'halts with interrupts off': rom(0xfa, 0xf4, 0xeb, 0xfd),
  'halts for ever in a loop': rom(0xfb, 0xf4, 0xeb, 0xfd),
  // lidt of a limit of 0, then an interrupt
  'triple-faults in a loop': rom(
    0x2e,
    0x0f,
    0x01,
    0x1e,
    0x10,
    0x00,
    0xcd,
    0x03,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ),
  'jumps to itself': rom(0xeb, 0xfe),
  // jmp A000:0000, where there is no memory
  'jumps into nothing': rom(0xea, 0x00, 0x00, 0x00, 0xa0),
  // mov dx, 3f8h; mov al, 'x'; out dx, al; jmp back
  'writes to the serial line for ever': rom(0xba, 0xf8, 0x03, 0xb0, 0x78, 0xee, 0xeb, 0xfd),
  'writes to port E9h for ever': rom(0xb0, 0x78, 0xe6, 0xe9, 0xeb, 0xfc),
  'reads a port that nobody has for ever': rom(0xba, 0x34, 0x12, 0xed, 0x42, 0xeb, 0xfc),
  // inc byte [cs-relative data in RAM]: mov ax,0; mov ds,ax; at 0:7c00 write code that rewrites itself
  'runs code that rewrites itself': rom(
    0x31,
    0xc0,
    0x8e,
    0xd8,
    0xbb,
    0x00,
    0x7c,
    0xc7,
    0x07,
    0xfe,
    0x06,
    0xc7,
    0x47,
    0x02,
    0x08,
    0x7c,
    0xc7,
    0x47,
    0x04,
    0xeb,
    0xfa,
    0xea,
    0x00,
    0x7c,
    0x00,
    0x00,
  ),
};
// biome-ignore-end format: machine code, an instruction at a time

const PROMPT_MS = 1500;
const MIB = 2 ** 20;

let machine: Machine | undefined;
afterEach(async () => {
  await machine?.stop();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each<Tier>(['interp', 'jit'])('%s', (tier) => {
  it.each(Object.entries(GUESTS))('a guest that %s can be paused, looked at and stopped', async (_, firmware) => {
    machine = await createMachine({ memory: '4M', firmware, tier });
    machine.start();
    await pause(300);
    const before = process.memoryUsage().rss;
    await pause(700);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB);

    const asked = performance.now();
    await machine.pause();
    expect(performance.now() - asked).toBeLessThan(PROMPT_MS);
    expect(machine.running).toBe(false);
    machine.readState();
    machine.start();
    await pause(50);
    const stopping = performance.now();
    await machine.stop();
    expect(performance.now() - stopping).toBeLessThan(PROMPT_MS);
    expect(await machine.exit).toEqual({ reason: 'stopped' });
  });
});
