/** KVM cannot be used, or one of its calls failed. The message is one line: what is wrong and what helps. */
export class KvmError extends Error {}

/** Linux error numbers that KVM's callers must tell apart (asm-generic/errno.h). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOSPC: 28,
} as const;

export const BUSY = 'another hypervisor (VirtualBox, VMware) holds the processor, KVM is busy: end it, or use tcg';

const NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, number]) => [number, name]));

/** `EINVAL` for 22; `errno 99` for one without a name here. */
export const errnoName = (errno: number): string => NAMES.get(errno) ?? `errno ${errno}`;

/** The non-negative result of a system call. @throws KvmError */
export function checked(result: number, what: string): number {
  if (result >= 0) return result;
  throw new KvmError(`${what} failed with ${errnoName(-result)}`);
}
