import { DATA, MicroCpu } from './cpu.ts';
import type { Case } from './suite.ts';

const REPEAT = 1000;
const PAGES = 64;

/** The MMU by its own interface: nanoseconds per access. */
export function memoryCases(): Case[] {
  return ([32, 64] as const).flatMap((width) => {
    const { mmu } = new MicroCpu('interp', width).vcpu;
    const group = `memory ${width}`;
    const times = (name: string, access: (n: number) => void): Case => ({
      group,
      name,
      units: REPEAT,
      run: () => {
        for (let n = 0; n < REPEAT; n++) access(n);
      },
    });
    const page = (n: number) => DATA + (n % PAGES) * 4096;
    return [
      times('read 4 bytes, TLB hit', (n) => mmu.read32(DATA + 4 * n, 0, 0)),
      times('read 8 bytes, TLB hit', (n) => mmu.read64(DATA + 8 * (n & 255), 0, 0)),
      times('read 4 bytes across pages', () => mmu.read32(DATA + 4094, 0, 0)),
      times('write 4 bytes, TLB hit', (n) => mmu.write32(DATA + 4 * n, 0, n, 0)),
      times('read after INVLPG', (n) => {
        mmu.flushPage(page(n));
        mmu.read32(page(n), 0, 0);
      }),
      times('write after INVLPG', (n) => {
        mmu.flushPage(page(n));
        mmu.write32(page(n), 0, n, 0);
      }),
      times('flush of 64 entries, 64 misses', (n) => {
        if (n % PAGES === 0) mmu.flush(true);
        mmu.read32(page(n), 0, 0);
      }),
      times('probe for the debugger', (n) => mmu.probe(page(n), 0)),
    ];
  });
}
