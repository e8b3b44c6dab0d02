import type { AccessSize, IoHandler } from './device.ts';

interface PortRange {
  readonly base: number;
  readonly handler: IoHandler;
  readonly name: string;
}

/** One access that no device answered, and how often it came. */
export interface UnclaimedAccess {
  readonly port: number;
  readonly direction: 'in' | 'out';
  readonly size: AccessSize;
  count: number;
}

const UNCLAIMED_LIMIT = 1024;

/**
 * The 64 Ki I/O ports. An access goes whole to the range that holds its first port if it fits there,
 * else byte by byte. Ports that nobody claimed read as all ones; such accesses are counted.
 */
export class IoSpace {
  readonly #ranges: (PortRange | undefined)[] = new Array(0x10000).fill(undefined);
  readonly #ends = new Map<PortRange, number>();
  readonly #unclaimed = new Map<number, UnclaimedAccess>();
  /** Called for every access when tracing. */
  trace: ((direction: 'in' | 'out', port: number, size: AccessSize, value: number, device: string) => void) | undefined;

  /** Throws when a port is taken, naming both devices. */
  map(base: number, length: number, handler: IoHandler, name: string): void {
    const range: PortRange = { base, handler, name };
    for (let port = base; port < base + length; port++) {
      const other = this.#ranges[port];
      if (other !== undefined) {
        throw new Error(`I/O port 0x${port.toString(16)} of ${name} already belongs to ${other.name}`);
      }
    }
    this.#ranges.fill(range, base, base + length);
    this.#ends.set(range, base + length);
  }

  /** Frees the ports of a range that `map` made, for BARs that move. */
  unmap(base: number): void {
    const range = this.#ranges[base];
    if (range === undefined || range.base !== base) return;
    const end = this.#ends.get(range)!;
    this.#ranges.fill(undefined, base, end);
    this.#ends.delete(range);
  }

  read(port: number, size: AccessSize): number {
    const range = this.#ranges[port];
    let value: number;
    if (range !== undefined && port + size <= this.#ends.get(range)!) {
      value = range.handler.read(port - range.base, size);
    } else if (size === 1) {
      this.#count(port, 'in', size);
      value = 0xff;
    } else if (this.#ranges.slice(port, port + size).every((r) => r === undefined)) {
      this.#count(port, 'in', size);
      value = size === 2 ? 0xffff : 0xffffffff;
    } else {
      value = 0;
      for (let i = size - 1; i >= 0; i--) value = value * 256 + this.read((port + i) & 0xffff, 1);
    }
    this.trace?.('in', port, size, value, range?.name ?? '-');
    return value;
  }

  write(port: number, size: AccessSize, value: number): void {
    const range = this.#ranges[port];
    this.trace?.('out', port, size, value, range?.name ?? '-');
    if (range !== undefined && port + size <= this.#ends.get(range)!) {
      range.handler.write(port - range.base, size, value);
    } else if (size === 1 || this.#ranges.slice(port, port + size).every((r) => r === undefined)) {
      this.#count(port, 'out', size);
    } else {
      for (let i = 0; i < size; i++) this.write((port + i) & 0xffff, 1, (value >>> (8 * i)) & 0xff);
    }
  }

  /** Accesses that no device answered, most frequent first. */
  unclaimed(): UnclaimedAccess[] {
    return [...this.#unclaimed.values()].sort((a, b) => b.count - a.count);
  }

  #count(port: number, direction: 'in' | 'out', size: AccessSize): void {
    const key = port * 8 + size * 2 + (direction === 'in' ? 0 : 1);
    const seen = this.#unclaimed.get(key);
    if (seen !== undefined) seen.count++;
    else if (this.#unclaimed.size < UNCLAIMED_LIMIT) this.#unclaimed.set(key, { port, direction, size, count: 1 });
  }
}
