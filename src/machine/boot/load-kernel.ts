import { BootError } from './boot-error.ts';
import type { BootPlan } from './boot-plan.ts';
import type { BootRequest } from './boot-request.ts';
import { isElf } from './elf.ts';
import { planLinux } from './linux.ts';
import { hasLinuxHeader } from './linux-header.ts';
import { planMultiboot } from './multiboot.ts';
import { findMultibootHeader } from './multiboot-header.ts';
import { planPvh } from './pvh.ts';
import { describeUnknown } from './recognise.ts';

/**
 * Plans the start of a kernel of any kind that a PC takes: bzImage, Multiboot, ELF with a PVH note.
 * A Multiboot header comes before a PVH note, as a kernel with both is no Linux.
 * @throws BootError, and nothing else, for any bytes whatever
 */
export function planKernel(request: BootRequest): BootPlan {
  const { kernel, initrd } = request;
  if (kernel.length === 0) throw new BootError('the kernel file is empty: give a bzImage or an ELF kernel');
  if (initrd?.length === 0) throw new BootError('the initrd file is empty: give an initramfs, or leave --initrd out');
  if (hasLinuxHeader(kernel)) return planLinux(request);
  if (findMultibootHeader(kernel) !== undefined) return planMultiboot(request);
  if (isElf(kernel)) return planPvh(request);
  throw new BootError(`the kernel file is ${describeUnknown(kernel)}`);
}
