import type { BootMemory } from './boot-memory.ts';
import type { BootModule, BootRequest } from './boot-request.ts';

/** A module in guest memory. */
export interface PlacedModule {
  readonly base: number;
  readonly length: number;
  readonly commandLine: string;
}

const LOW_4_GIB = 2 ** 32;

/** Puts the initrd and the modules at the end of low RAM, each at the start of a page. */
export function placeModules({ initrd, modules = [] }: BootRequest, memory: BootMemory): PlacedModule[] {
  const first: BootModule[] = initrd === undefined ? [] : [{ bytes: initrd, commandLine: '' }];
  return [...first, ...modules].map(({ bytes, commandLine }, index) => {
    const name = index < first.length ? 'the initrd' : `module ${index}`;
    return { base: memory.putHigh(name, bytes, LOW_4_GIB), length: bytes.length, commandLine };
  });
}
