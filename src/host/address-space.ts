import { readFileSync } from 'node:fs';

/** Bytes of address space that this process may use (`ulimit -v`); Infinity when there is no limit, or none is told. */
export function addressSpaceLimit(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return Infinity;
  }
  const [, soft] = /^Max address space +(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}
