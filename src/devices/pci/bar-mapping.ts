import type { IoHandler } from '../../bus/device.ts';
import type { IoSpace } from '../../bus/io-space.ts';

/**
 * A BAR's `onMap` that moves `handler` through the I/O space. Where the guest puts it over ports that are
 * taken, those win and the BAR is nowhere until it moves again.
 */
export function mapPorts(ports: IoSpace, length: number, handler: IoHandler, name: string) {
  let mapped: number | undefined;
  return (base: number | undefined): void => {
    if (mapped !== undefined) ports.unmap(mapped);
    mapped = undefined;
    if (base === undefined) return;
    try {
      ports.map(base, length, handler, name);
      mapped = base;
    } catch {
      // Taken, as described above.
    }
  };
}
