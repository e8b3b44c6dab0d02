import type { IoHandler } from '../../bus/device.ts';
import type { IoSpace } from '../../bus/io-space.ts';
import type { AddressMap } from '../../memory/address-map.ts';

/**
 * A BAR's `onMap` that moves `handler` through the I/O space. Where the guest puts it over ports that are
 * taken, those win and the BAR is nowhere until it moves again.
 */
export function mapPorts(ports: IoSpace, length: number, handler: IoHandler, name: string) {
  let mapped: number | undefined;
  return (base: number | undefined): void => {
    if (mapped !== undefined) ports.unmap(mapped);
    mapped = base !== undefined && attempt(() => ports.map(base, length, handler, name)) ? base : undefined;
  };
}

/** As {@link mapPorts}, for memory; `length` is at least a page. */
export function mapMemory(memory: AddressMap, length: number, handler: IoHandler, name: string) {
  let mapped: number | undefined;
  return (base: number | undefined): void => {
    if (mapped !== undefined) memory.remove(mapped);
    const region = { length, name, kind: 'mmio' as const, handler };
    mapped = base !== undefined && attempt(() => memory.add({ ...region, base })) ? base : undefined;
  };
}

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
