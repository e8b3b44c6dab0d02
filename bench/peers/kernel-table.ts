export type Arch = 'i386' | 'amd64' | 'amd64-high';

/** One benchmark kernel: fixed work, sized so that a round takes some 0.3 s at a thousand million instructions a second. */
export interface Kernel {
  readonly name: string;
  /** Iterations per round. */
  readonly n: number;
  readonly kind: 'integer' | 'wide' | 'float';
  readonly what: string;
}

export const KERNELS: readonly Kernel[] = [
  { name: 'crc16', n: 1500, kind: 'integer', what: 'ALU and branches' },
  { name: 'scan', n: 500, kind: 'integer', what: 'byte scanner, state machine' },
  { name: 'crc32', n: 40, kind: 'integer', what: 'table look-up over 1 MiB' },
  { name: 'list', n: 2500, kind: 'integer', what: 'linked list' },
  { name: 'copy', n: 6000, kind: 'integer', what: 'aligned copy' },
  { name: 'copyu', n: 6000, kind: 'integer', what: 'misaligned copy' },
  { name: 'fib', n: 1000, kind: 'integer', what: 'recursion' },
  { name: 'vm', n: 40_000, kind: 'integer', what: 'indirect dispatch' },
  { name: 'sort', n: 200, kind: 'integer', what: 'quicksort' },
  { name: 'sieve', n: 300, kind: 'integer', what: 'byte stores' },
  { name: 'matmul', n: 500, kind: 'integer', what: 'multiplies, strided loads' },
  { name: 'mix32', n: 40_000_000, kind: 'integer', what: 'multiplies and rotates' },
  { name: 'gcd', n: 2_000_000, kind: 'integer', what: 'division' },
  { name: 'hash64', n: 30_000_000, kind: 'wide', what: '64-bit shifts and multiplies' },
  { name: 'sum64', n: 6000, kind: 'wide', what: '64-bit loads, adds, compares' },
  { name: 'mpi', n: 25_000, kind: 'wide', what: 'products of large numbers, carries' },
  { name: 'sse2_mandel', n: 30, kind: 'float', what: 'scalar doubles, SSE2' },
  { name: 'sse2_axpy', n: 20_000, kind: 'float', what: 'packed doubles, SSE2' },
  { name: 'x87_mandel', n: 30, kind: 'float', what: 'doubles, x87' },
];

/** The kernels that an architecture has: 64-bit data only where registers hold it. */
export function kernelsFor(arch: Arch): readonly Kernel[] {
  return KERNELS.filter(({ kind }) => arch !== 'i386' || kind !== 'wide');
}
