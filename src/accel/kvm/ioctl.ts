/**
 * KVM's interface as tables: request numbers, capabilities, structures (linux/kvm.h and asm/kvm.h of x86-64).
 * A structure is its size and its fields, each `[offset, bytes]`; all little-endian.
 */
const KVMIO = 0xae;

/** `_IO`, `_IOW`, `_IOR`, `_IOWR` of linux/ioctl.h, as unsigned numbers. */
const request = (direction: number, nr: number, size: number): number =>
  direction * 2 ** 30 + size * 2 ** 16 + KVMIO * 2 ** 8 + nr;
const none = (nr: number): number => request(0, nr, 0);
const write = (nr: number, size: number): number => request(1, nr, size);
const read = (nr: number, size: number): number => request(2, nr, size);
const both = (nr: number, size: number): number => request(3, nr, size);

export const KVM = {
  // /dev/kvm
  GET_API_VERSION: none(0x00),
  CREATE_VM: none(0x01),
  CHECK_EXTENSION: none(0x03),
  GET_VCPU_MMAP_SIZE: none(0x04),
  GET_SUPPORTED_CPUID: both(0x05, 8),
  // a virtual machine
  CREATE_VCPU: none(0x41),
  SET_USER_MEMORY_REGION: write(0x46, 32),
  SET_TSS_ADDR: none(0x47),
  SET_IDENTITY_MAP_ADDR: write(0x48, 8),
  // a virtual CPU
  RUN: none(0x80),
  GET_REGS: read(0x81, 144),
  SET_REGS: write(0x82, 144),
  GET_SREGS: read(0x83, 312),
  SET_SREGS: write(0x84, 312),
  TRANSLATE: both(0x85, 24),
  INTERRUPT: write(0x86, 4),
  GET_MSRS: both(0x88, 8),
  SET_MSRS: write(0x89, 8),
  SET_SIGNAL_MASK: write(0x8b, 4),
  GET_FPU: read(0x8c, 416),
  SET_FPU: write(0x8d, 416),
  SET_CPUID2: write(0x90, 8),
  NMI: none(0x9a),
  SET_GUEST_DEBUG: write(0x9b, 72),
  GET_VCPU_EVENTS: read(0x9f, 64),
  SET_VCPU_EVENTS: write(0xa0, 64),
  GET_DEBUGREGS: read(0xa1, 128),
  SET_DEBUGREGS: write(0xa2, 128),
  GET_TSC_KHZ: none(0xa3),
  GET_XSAVE: read(0xa4, 4096),
  SET_XSAVE: write(0xa5, 4096),
  GET_XCRS: read(0xa6, 392),
  SET_XCRS: write(0xa7, 392),
  SET_DEVICE_ATTR: write(0xe1, 24),
  GET_DEVICE_ATTR: write(0xe2, 24),
  HAS_DEVICE_ATTR: write(0xe3, 24),
} as const;

export const KVM_API_VERSION = 12;

/** Capabilities, by the number that KVM_CHECK_EXTENSION takes. */
export const CAP = {
  USER_MEMORY: 3,
  SET_TSS_ADDR: 4,
  EXT_CPUID: 7,
  NR_MEMSLOTS: 10,
  DESTROY_MEMORY_REGION_WORKS: 21,
  USER_NMI: 22,
  SET_IDENTITY_MAP_ADDR: 37,
  VCPU_EVENTS: 41,
  DEBUGREGS: 50,
  XSAVE: 55,
  XCRS: 56,
  GET_TSC_KHZ: 61,
  SYNC_REGS: 74,
  READONLY_MEM: 81,
  IMMEDIATE_EXIT: 136,
  SREGS2: 200,
} as const;

export const EXIT = {
  UNKNOWN: 0,
  IO: 2,
  DEBUG: 4,
  HLT: 5,
  MMIO: 6,
  IRQ_WINDOW_OPEN: 7,
  SHUTDOWN: 8,
  FAIL_ENTRY: 9,
  INTR: 10,
  INTERNAL_ERROR: 17,
  SYSTEM_EVENT: 24,
} as const;

export const INTERNAL_ERROR_EMULATION = 1;
export const MEM_READONLY = 2;
/** Bits of kvm_guest_debug.control. */
export const GUESTDBG = { ENABLE: 1, SINGLESTEP: 2, USE_HW_BP: 0x20000 } as const;
/** Bits of kvm_vcpu_events.flags and .interrupt.shadow. */
export const VCPUEVENT_VALID = { NMI_PENDING: 1, SHADOW: 4 } as const;
export const SHADOW = { MOV_SS: 1, STI: 2 } as const;
export const CPUID_SIGNIFICANT_INDEX = 1;

type Fields = Readonly<Record<string, readonly [offset: number, bytes: number]>>;
interface Structure<F extends Fields> {
  readonly size: number;
  readonly fields: F;
}
const structure = <const F extends Fields>(size: number, fields: F): Structure<F> => ({ size, fields });

/** Quadwords one after the other. */
const quads = <const N extends string>(names: string): Record<N, readonly [number, number]> =>
  Object.fromEntries(names.split(' ').map((name, n) => [name, [n * 8, 8]])) as never;
type Split<S extends string> = S extends `${infer Head} ${infer Tail}` ? Head | Split<Tail> : S;
const GPRS = 'rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags';

export const STRUCT = {
  kvm_run: structure(2352, {
    request_interrupt_window: [0, 1],
    immediate_exit: [1, 1],
    exit_reason: [8, 4],
    ready_for_interrupt_injection: [12, 1],
    if_flag: [13, 1],
    cr8: [16, 8],
    apic_base: [24, 8],
    'hw.hardware_exit_reason': [32, 8],
    'io.direction': [32, 1],
    'io.size': [33, 1],
    'io.port': [34, 2],
    'io.count': [36, 4],
    'io.data_offset': [40, 8],
    'debug.arch.pc': [40, 8],
    'debug.arch.dr6': [48, 8],
    'mmio.phys_addr': [32, 8],
    'mmio.data': [40, 8],
    'mmio.len': [48, 4],
    'mmio.is_write': [52, 1],
    'internal.suberror': [32, 4],
    'emulation_failure.flags': [40, 8],
    'emulation_failure.insn_size': [48, 1],
    'emulation_failure.insn_bytes': [49, 15],
    'system_event.type': [32, 4],
  }),
  kvm_regs: structure(144, quads<Split<typeof GPRS>>(GPRS)),
  kvm_segment: structure(24, {
    base: [0, 8],
    limit: [8, 4],
    selector: [12, 2],
    type: [14, 1],
    present: [15, 1],
    dpl: [16, 1],
    db: [17, 1],
    s: [18, 1],
    l: [19, 1],
    g: [20, 1],
    avl: [21, 1],
    unusable: [22, 1],
  }),
  kvm_dtable: structure(16, { base: [0, 8], limit: [8, 2] }),
  kvm_sregs: structure(312, {
    cs: [0, 24],
    ds: [24, 24],
    es: [48, 24],
    fs: [72, 24],
    gs: [96, 24],
    ss: [120, 24],
    tr: [144, 24],
    ldt: [168, 24],
    gdt: [192, 16],
    idt: [208, 16],
    cr0: [224, 8],
    cr2: [232, 8],
    cr3: [240, 8],
    cr4: [248, 8],
    cr8: [256, 8],
    efer: [264, 8],
    apic_base: [272, 8],
    interrupt_bitmap: [280, 32],
  }),
  kvm_fpu: structure(416, {
    fpr: [0, 128],
    fcw: [128, 2],
    fsw: [130, 2],
    ftwx: [132, 1],
    last_opcode: [134, 2],
    last_ip: [136, 8],
    last_dp: [144, 8],
    xmm: [152, 256],
    mxcsr: [408, 4],
  }),
  kvm_xsave: structure(4096, { region: [0, 4096] }),
  kvm_debugregs: structure(128, { db: [0, 32], dr6: [32, 8], dr7: [40, 8] }),
  kvm_vcpu_events: structure(64, {
    'exception.injected': [0, 1],
    'exception.nr': [1, 1],
    'exception.pending': [3, 1],
    'interrupt.injected': [8, 1],
    'interrupt.nr': [9, 1],
    'interrupt.soft': [10, 1],
    'interrupt.shadow': [11, 1],
    'nmi.injected': [12, 1],
    'nmi.pending': [13, 1],
    'nmi.masked': [14, 1],
    flags: [20, 4],
  }),
  kvm_xcrs: structure(392, { nr_xcrs: [0, 4], xcrs: [8, 256] }),
  kvm_xcr: structure(16, { xcr: [0, 4], value: [8, 8] }),
  kvm_msr_entry: structure(16, { index: [0, 4], data: [8, 8] }),
  kvm_msrs: structure(8, { nmsrs: [0, 4] }),
  kvm_cpuid2: structure(8, { nent: [0, 4] }),
  kvm_cpuid_entry2: structure(40, {
    function: [0, 4],
    index: [4, 4],
    flags: [8, 4],
    eax: [12, 4],
    ebx: [16, 4],
    ecx: [20, 4],
    edx: [24, 4],
  }),
  kvm_userspace_memory_region: structure(32, {
    slot: [0, 4],
    flags: [4, 4],
    guest_phys_addr: [8, 8],
    memory_size: [16, 8],
    userspace_addr: [24, 8],
  }),
  kvm_translation: structure(24, { linear_address: [0, 8], physical_address: [8, 8], valid: [16, 1] }),
  kvm_interrupt: structure(4, { irq: [0, 4] }),
  kvm_signal_mask: structure(4, { len: [0, 4] }),
  kvm_guest_debug: structure(72, { control: [0, 4], 'arch.debugreg': [8, 64] }),
} as const;

type StructName = keyof typeof STRUCT;

/** Offset of a structure's field. */
export const offsetOf = <S extends StructName>(name: S, field: keyof (typeof STRUCT)[S]['fields']): number =>
  (STRUCT[name].fields as Fields)[field as string]![0];
