/** A program of Debian's busybox, as a command line of its shell. */
export interface LinuxWorkload {
  readonly name: string;
  readonly what: string;
  /** Run once before, not timed. */
  readonly prepare: string;
  readonly command: string;
  /** Prints what a right machine prints, not timed. */
  readonly show: string;
  /** Made by the host. */
  readonly expected: (tools: HostTools) => string;
  /** What one iteration is, and how many there are. */
  readonly unit: string;
  readonly iterations: number;
}

/** What the expectation is computed with. */
export interface HostTools {
  /** SHA-256 as hexadecimal digits. */
  readonly sha256: (text: string) => string;
}

const NUMBERS = 20_000;
const PROCESSES = 20;

/** Lines of the numbers from 1 to `last`, as seq prints them. */
const lines = (last: number, value: (n: number) => number): string =>
  Array.from({ length: last }, (_, n) => `${value(n + 1)}\n`).join('');
const numbers = (): string => lines(NUMBERS, (n) => n);
const BYTES = numbers().length;

export const LINUX_WORKLOADS: readonly LinuxWorkload[] = [
  {
    name: 'gzip',
    what: `gzip of ${BYTES} bytes of text`,
    prepare: `busybox seq 1 ${NUMBERS} > numbers`,
    command: 'busybox gzip -c numbers > numbers.gz',
    show: 'busybox gunzip -c numbers.gz | busybox sha256sum',
    expected: ({ sha256 }) => `${sha256(numbers())}  -`,
    unit: 'byte',
    iterations: BYTES,
  },
  {
    name: 'sha256sum',
    what: `sha256sum of ${4 * BYTES} bytes`,
    prepare: `busybox seq 1 ${NUMBERS} > numbers`,
    command: 'busybox cat numbers numbers numbers numbers | busybox sha256sum > sum',
    show: 'busybox cat sum',
    expected: ({ sha256 }) => `${sha256(numbers().repeat(4))}  -`,
    unit: 'byte',
    iterations: 4 * BYTES,
  },
  {
    name: 'fork-exec',
    what: `${PROCESSES} processes, one after the other`,
    prepare: 'true',
    command: `i=0; while [ $i -lt ${PROCESSES} ]; do i=$((i + 1)); busybox expr $i '*' $i; done > squares`,
    show: 'busybox sha256sum < squares',
    expected: ({ sha256 }) => `${sha256(lines(PROCESSES, (n) => n * n))}  -`,
    unit: 'process',
    iterations: PROCESSES,
  },
];
