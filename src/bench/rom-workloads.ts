/** Width of the code of a workload: 32 is compatibility mode in a 64-bit kernel. */
export type Width = 32 | 64;

/** Whether a workload stays in ring 3 or is made of ways out of it. */
export type Kind = 'compute' | 'exits';

/** A workload of the guest that comes with emu: firmware/src/bench. */
export interface RomWorkload {
  readonly name: string;
  readonly what: string;
  readonly kind: Kind;
  /** What one iteration is. */
  readonly unit: string;
  /** Iterations of one run, a fixed amount of work. */
  readonly iterations: number;
  /** Runs of one sample. */
  readonly runs: number;
  /** Runs of one sample under kvm, where leaving the guest may take a hundred times as long. */
  readonly kvmRuns?: number;
  /** What a right machine computes, as hexadecimal digits, by width. */
  readonly checksum: Readonly<Record<Width, string>>;
}

const sums = (wide: string, narrow: string): Record<Width, string> => ({
  64: wide.padStart(16, '0'),
  32: narrow.padStart(16, '0'),
});

export const ROM_WORKLOADS: readonly RomWorkload[] = [
  {
    name: 'integer',
    what: 'multiply, divide, shift, xor',
    kind: 'compute',
    unit: 'step',
    iterations: 500_000,
    runs: 1,
    checksum: sums('290ded26966c2bb0', 'cf7029ab'),
  },
  {
    name: 'branches',
    what: 'scanning bytes of text',
    kind: 'compute',
    unit: 'byte',
    iterations: 1_048_576,
    runs: 1,
    checksum: sums('36e11ea858', 'e11ea858'),
  },
  {
    name: 'cache',
    what: 'loads and stores that fit a cache',
    kind: 'compute',
    unit: 'load and store',
    iterations: 1_433_600,
    runs: 2,
    checksum: sums('7f15ca5109d352a1', '9bcc517d'),
  },
  {
    name: 'memory',
    what: 'scattered accesses in 8 MiB',
    kind: 'compute',
    unit: 'load and store',
    iterations: 500_000,
    runs: 1,
    checksum: sums('1dd35829c4a78586', 'c4a78586'),
  },
  {
    name: 'tlb',
    what: 'a word in each of 8192 pages',
    kind: 'compute',
    unit: 'load and store',
    iterations: 327_680,
    runs: 1,
    checksum: sums('f903fa1a972e6500', '972e6500'),
  },
  {
    name: 'calls',
    what: 'calls and recursion',
    kind: 'compute',
    unit: 'call',
    iterations: 392_835,
    runs: 4,
    checksum: sums('1da31', '1da31'),
  },
  {
    name: 'indirect',
    what: 'indirect jumps: a bytecode interpreter',
    kind: 'compute',
    unit: 'bytecode',
    iterations: 1_000_000,
    runs: 2,
    checksum: sums('2eaa544c87ed8ee3', 'd21095ad'),
  },
  {
    name: 'float',
    what: 'double precision with SSE2',
    kind: 'compute',
    unit: 'step of Mandelbrot',
    iterations: 100_000,
    runs: 4,
    checksum: sums('b9cca2085c006c8a', '5c006c8a'),
  },
  {
    name: 'x87',
    what: '80-bit floating point',
    kind: 'compute',
    unit: 'step of Mandelbrot',
    iterations: 100_000,
    runs: 1,
    checksum: sums('6744a50016956437', '16956437'),
  },
  {
    name: 'strings',
    what: 'REP STOSB, MOVSB, SCASB, CMPSB',
    kind: 'compute',
    unit: 'byte',
    iterations: 10_485_760,
    runs: 1,
    checksum: sums('74ae24cd65e08ea8', '65e08ea8'),
  },
  {
    name: 'syscalls',
    what: 'SYSCALL and SYSRET; INT 80h and IRET in 32-bit code',
    kind: 'exits',
    unit: 'system call',
    iterations: 2000,
    runs: 10,
    kvmRuns: 1,
    checksum: sums('1388', '1388'),
  },
  {
    name: 'faults',
    what: 'page faults answered by the kernel',
    kind: 'exits',
    unit: 'page fault',
    iterations: 2560,
    runs: 4,
    kvmRuns: 1,
    checksum: sums('4e1380', '4e1380'),
  },
  {
    name: 'ports',
    what: 'IN and OUT to the scratch register of the 16550',
    kind: 'exits',
    unit: 'access',
    iterations: 2000,
    runs: 20,
    kvmRuns: 1,
    checksum: sums('21f68db54f7db9f4', '4f7db9f4'),
  },
  {
    name: 'mmio',
    what: 'accesses to device memory that nothing answers',
    kind: 'exits',
    unit: 'access',
    iterations: 2000,
    runs: 10,
    kvmRuns: 1,
    checksum: sums('90a4b279218939f4', '218939f4'),
  },
  {
    name: 'timer',
    what: 'interrupts of the 8254, each armed 50 us after the last',
    kind: 'exits',
    unit: 'interrupt',
    iterations: 200,
    runs: 1,
    checksum: sums('9e3779b9', '9e3779b9'),
  },
];
