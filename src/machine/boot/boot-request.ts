import type { MemoryLayout } from './memory-layout.ts';

/** Where a bzImage is entered. The 32-bit entry is the default: each kernel has it, and it needs no BIOS. */
export type LinuxEntry = '16-bit' | '32-bit' | '64-bit';

/** A file handed to the guest next to its kernel. */
export interface BootModule {
  readonly bytes: Uint8Array;
  readonly commandLine: string;
}

/** A kernel and everything it is to be given. */
export interface BootRequest {
  readonly kernel: Uint8Array;
  readonly layout: MemoryLayout;
  /** Initial RAM disk; the first module for Multiboot and PVH. */
  readonly initrd?: Uint8Array;
  /** More modules, for Multiboot and PVH. */
  readonly modules?: readonly BootModule[];
  readonly commandLine?: string;
  /** Guest address of the ACPI root pointer; without it the kernel searches the BIOS area. */
  readonly rsdp?: number;
  readonly linuxEntry?: LinuxEntry;
  /** False when the CPU has no long mode, so that a 64-bit kernel is refused and not hung; true when not given. */
  readonly longMode?: boolean;
  /** True when a VGA card shows a text screen. */
  readonly textScreen?: boolean;
}
