import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PAGE = 4096;
/** Bit 63 of an entry of pagemap, in its last byte. */
const PRESENT = 0x80;

/** Resident memory of a process that runs a guest, in bytes. */
export interface Resident {
  /** The guest's RAM. */
  readonly ram: number;
  /** What lies behind it in the same mapping: the CPU's state, TLB and predecoded instructions. */
  readonly tables: number;
  /** Mapped files: the programs and libraries. */
  readonly files: number;
  /** All else: V8's heap and code, what was allocated in C++, stacks. */
  readonly rest: number;
}

interface Mapping {
  readonly start: number;
  readonly size: number;
  readonly isFile: boolean;
  readonly resident: number;
}

/** Of `/proc/PID/smaps` (proc(5)). */
function mappingsOf(pid: number): Mapping[] {
  const form = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+) .*\n(?:.*\n)*?Rss: +(\d+) kB/gm;
  return [...readFileSync(`/proc/${pid}/smaps`, 'utf8').matchAll(form)].map(([, from, to, inode, rss]) => {
    const start = Number.parseInt(from!, 16);
    return { start, size: Number.parseInt(to!, 16) - start, isFile: inode !== '0', resident: Number(rss) * 1024 };
  });
}

/** @throws Error when no mapping is as large as the guest's RAM, with which the smallest such mapping begins */
export function residentOf(pid: number, ramSize: number): Resident {
  const mappings = mappingsOf(pid);
  const [memory] = mappings
    .filter(({ size, resident }) => size >= ramSize && resident > 0)
    .sort((a, b) => a.size - b.size);
  if (memory === undefined) throw new Error("no mapping is as large as the guest's RAM");
  const ram = presentIn(pid, memory.start, ramSize);
  const sum = (some: Mapping[]): number => some.reduce((bytes, { resident }) => bytes + resident, 0);
  const files = sum(mappings.filter(({ isFile }) => isFile));
  const together = sum(joined(mappings, memory));
  return { ram, tables: together - ram, files, rest: sum(mappings) - together - files };
}

/** A mapping and those that follow it without a gap: parts of one memory that the host treats unlike. */
function joined(mappings: readonly Mapping[], first: Mapping): Mapping[] {
  const parts = [first];
  let end = first.start + first.size;
  for (const part of mappings.slice(mappings.indexOf(first) + 1)) {
    if (part.start !== end || part.resident === 0) break;
    parts.push(part);
    end += part.size;
  }
  return parts;
}

/** Resident bytes of part of a process (proc(5): pagemap). */
function presentIn(pid: number, start: number, size: number): number {
  const entries = Buffer.alloc((size / PAGE) * 8);
  const file = openSync(`/proc/${pid}/pagemap`, 'r');
  readSync(file, entries, 0, entries.length, (start / PAGE) * 8);
  closeSync(file);
  let resident = 0;
  for (let at = 7; at < entries.length; at += 8) if ((entries[at]! & PRESENT) !== 0) resident += PAGE;
  return resident;
}
