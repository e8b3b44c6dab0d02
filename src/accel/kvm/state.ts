import { readRflags, writeRflags } from '../../cpu/flags.ts';
import { updateMode } from '../../cpu/mode.ts';
import { AR, type CpuState, CR0, CR4, EFER, FIELDS, type FieldName, FLAG, GS, SS, TR, W } from '../../cpu/state.ts';
import type { AddressMap } from '../../memory/address-map.ts';
import { offsetOf, SHADOW, STRUCT, VCPUEVENT_VALID } from './ioctl.ts';

/** One field of the CPU state and where it lies in a structure of KVM: element, offset, bytes there. */
interface Place {
  readonly word: number;
  /** 32-bit words in the state. */
  readonly words: 1 | 2;
  readonly offset: number;
  readonly bytes: 1 | 2 | 4 | 8;
}

const place = (name: FieldName, index: number, offset: number, bytes: number): Place => {
  const { word, bytes: width, stride } = FIELDS[name];
  return { word: word + index * stride, words: width === 4 ? 1 : 2, offset, bytes: bytes as Place['bytes'] };
};

const GPR_ORDER = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const REGS: readonly Place[] = [
  ...GPR_ORDER.map((name, index) => place('gpr', index, offsetOf('kvm_regs', name as 'rax'), 8)),
  place('rip', 0, offsetOf('kvm_regs', 'rip'), 8),
];

const SREGS: readonly Place[] = [
  place('gdtrBase', 0, offsetOf('kvm_sregs', 'gdt') + offsetOf('kvm_dtable', 'base'), 8),
  place('gdtrLimit', 0, offsetOf('kvm_sregs', 'gdt') + offsetOf('kvm_dtable', 'limit'), 2),
  place('idtrBase', 0, offsetOf('kvm_sregs', 'idt') + offsetOf('kvm_dtable', 'base'), 8),
  place('idtrLimit', 0, offsetOf('kvm_sregs', 'idt') + offsetOf('kvm_dtable', 'limit'), 2),
  ...(['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer'] as const).map((name) =>
    place(name, 0, offsetOf('kvm_sregs', name), 8),
  ),
  place('apicBase', 0, offsetOf('kvm_sregs', 'apic_base'), 8),
];
/** In the order of the state: ES CS SS DS FS GS LDTR TR. */
const SEGMENTS = (['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldt', 'tr'] as const).map((name) =>
  offsetOf('kvm_sregs', name),
);

const DEBUGREGS: readonly Place[] = [
  ...[0, 1, 2, 3].map((n) => place('dr', n, offsetOf('kvm_debugregs', 'db') + 8 * n, 8)),
  place('dr', 6, offsetOf('kvm_debugregs', 'dr6'), 8),
  place('dr', 7, offsetOf('kvm_debugregs', 'dr7'), 8),
];

/** Where a structure keeps the x87 and SSE registers. */
export interface FpuLayout {
  readonly places: readonly Place[];
  /** Stack order, 16 bytes each. */
  readonly st: number;
  readonly xmm: number;
}

export const KVM_FPU: FpuLayout = {
  places: [
    place('fcw', 0, offsetOf('kvm_fpu', 'fcw'), 2),
    place('fsw', 0, offsetOf('kvm_fpu', 'fsw'), 2),
    place('ftw', 0, offsetOf('kvm_fpu', 'ftwx'), 1),
    place('fop', 0, offsetOf('kvm_fpu', 'last_opcode'), 2),
    place('fip', 0, offsetOf('kvm_fpu', 'last_ip'), 8),
    place('fdp', 0, offsetOf('kvm_fpu', 'last_dp'), 8),
    place('mxcsr', 0, offsetOf('kvm_fpu', 'mxcsr'), 4),
  ],
  st: offsetOf('kvm_fpu', 'fpr'),
  xmm: offsetOf('kvm_fpu', 'xmm'),
};

/** The legacy region of an XSAVE area in its 64-bit format (SDM 1 table 10-2). */
export const KVM_XSAVE: FpuLayout = {
  places: [
    place('fcw', 0, 0, 2),
    place('fsw', 0, 2, 2),
    place('ftw', 0, 4, 1),
    place('fop', 0, 6, 2),
    place('fip', 0, 8, 8),
    place('fdp', 0, 16, 8),
    place('mxcsr', 0, 24, 4),
  ],
  st: 32,
  xmm: 160,
};
/** XSTATE_BV of the area's header, and its bits for what the state holds (SDM 1 13.4.2). */
const XSTATE_BV = 512;
const XSAVE_HEADER_END = 576;
const X87_AND_SSE = 3n;

const XCR0 = STRUCT.kvm_xcrs.fields.xcrs[0] + offsetOf('kvm_xcr', 'value');

function take(w: Int32Array, view: DataView, places: readonly Place[]): void {
  for (const { word, words, offset, bytes } of places) {
    w[word] =
      bytes === 1 ? view.getUint8(offset) : bytes === 2 ? view.getUint16(offset, true) : view.getInt32(offset, true);
    if (words === 2) w[word + 1] = bytes === 8 ? view.getInt32(offset + 4, true) : 0;
  }
}

function put(w: Int32Array, view: DataView, places: readonly Place[]): void {
  for (const { word, words, offset, bytes } of places) {
    if (bytes === 1) view.setUint8(offset, w[word]!);
    else if (bytes === 2) view.setUint16(offset, w[word]!, true);
    else view.setInt32(offset, w[word]!, true);
    if (bytes === 8) view.setInt32(offset + 4, words === 2 ? w[word + 1]! : 0, true);
  }
}

/** kvm_regs. RFLAGS is split into the state's lazy flags and the rest. */
export function takeRegs({ words: w }: CpuState, view: DataView): void {
  take(w, view, REGS);
  writeRflags(w, view.getInt32(offsetOf('kvm_regs', 'rflags'), true));
}

export function putRegs({ words: w }: CpuState, view: DataView): void {
  put(w, view, REGS);
  view.setInt32(offsetOf('kvm_regs', 'rflags'), readRflags(w), true);
  view.setInt32(offsetOf('kvm_regs', 'rflags') + 4, 0, true);
}

/** Offsets of kvm_segment's one-byte members with the access right that each stands for (SDM 3C 25.4.1). */
const RIGHTS = [
  [offsetOf('kvm_segment', 'type'), 0, 0xf],
  [offsetOf('kvm_segment', 's'), 4, 1],
  [offsetOf('kvm_segment', 'dpl'), 5, 3],
  [offsetOf('kvm_segment', 'present'), 7, 1],
  [offsetOf('kvm_segment', 'avl'), 12, 1],
  [offsetOf('kvm_segment', 'l'), 13, 1],
  [offsetOf('kvm_segment', 'db'), 14, 1],
  [offsetOf('kvm_segment', 'g'), 15, 1],
  [offsetOf('kvm_segment', 'unusable'), 16, 1],
] as const;

function takeSegment(w: Int32Array, view: DataView, seg: number): void {
  const at = SEGMENTS[seg]!;
  const base = W.base + 2 * seg;
  w[base] = view.getInt32(at, true);
  w[base + 1] = view.getInt32(at + 4, true);
  w[W.limit + seg] = view.getInt32(at + offsetOf('kvm_segment', 'limit'), true);
  w[W.selector + seg] = view.getUint16(at + offsetOf('kvm_segment', 'selector'), true);
  let attributes = 0;
  for (const [offset, shift, mask] of RIGHTS) attributes |= (view.getUint8(at + offset) & mask) << shift;
  w[W.attributes + seg] = attributes;
}

/** What a program in ring 3 can change of kvm_sregs: ES to GS. */
export function takeUserSegments({ words: w }: CpuState, view: DataView): void {
  for (let seg = 0; seg <= GS; seg++) takeSegment(w, view, seg);
}

/** kvm_sregs; call `takeRegs` first, as CPL and mode follow from both. */
export function takeSregs({ words: w }: CpuState, view: DataView): void {
  take(w, view, SREGS);
  for (let seg = 0; seg <= TR; seg++) takeSegment(w, view, seg);
  w[W.cpl] = cplOf(w);
  updateMode(w);
}

/** The CPL is SS.DPL, but for the modes that have none (SDM 3C 25.4.1). */
function cplOf(w: Int32Array): number {
  if ((w[W.cr0]! & CR0.PE) === 0) return 0;
  if ((w[W.rflags]! & FLAG.VM) !== 0) return 3;
  return (w[W.attributes + SS]! >> AR.DPL_SHIFT) & 3;
}

export function putSregs({ words: w }: CpuState, view: DataView): void {
  put(w, view, SREGS);
  SEGMENTS.forEach((at, seg) => {
    const base = W.base + 2 * seg;
    view.setInt32(at, w[base]!, true);
    view.setInt32(at + 4, w[base + 1]!, true);
    view.setInt32(at + offsetOf('kvm_segment', 'limit'), w[W.limit + seg]!, true);
    view.setUint16(at + offsetOf('kvm_segment', 'selector'), w[W.selector + seg]!, true);
    const attributes = segmentRights(w, seg);
    for (const [offset, shift, mask] of RIGHTS) view.setUint8(at + offset, (attributes >> shift) & mask);
  });
  const bitmap = offsetOf('kvm_sregs', 'interrupt_bitmap');
  for (let n = 0; n < 32; n += 4) view.setInt32(bitmap + n, 0, true);
}

function segmentRights(w: Int32Array, seg: number): number {
  let attributes = w[W.attributes + seg]!;
  if ((attributes & AR.P) === 0) attributes |= AR.UNUSABLE;
  if ((attributes & AR.UNUSABLE) !== 0) attributes &= ~AR.P;
  // KVM takes the CPL from here, also when SS holds a null selector.
  if (seg === SS) attributes = (attributes & ~(3 << AR.DPL_SHIFT)) | (w[W.cpl]! << AR.DPL_SHIFT);
  // VM entry wants a busy TSS (SDM 3C 27.3.1.2).
  if (seg === TR) attributes |= 2;
  return attributes;
}

/** Loads the PDPTE registers of PAE paging from memory, where KVM has them from too (SDM 3A 4.4.1). */
export function takePdptes({ words: w }: CpuState, memory: AddressMap): void {
  const pae = (w[W.cr0]! & CR0.PG) !== 0 && (w[W.cr4]! & CR4.PAE) !== 0 && (w[W.efer]! & EFER.LMA) === 0;
  if (!pae) return;
  const table = (w[W.cr3]! & ~31) >>> 0;
  for (let n = 0; n < 8; n++) w[W.pdpte + n] = memory.read(table + 4 * n, 4) | 0;
}

export const takeDebugregs = ({ words }: CpuState, view: DataView): void => take(words, view, DEBUGREGS);
export const putDebugregs = ({ words }: CpuState, view: DataView): void => put(words, view, DEBUGREGS);

export function takeFpu({ words: w }: CpuState, view: DataView, { places, st, xmm }: FpuLayout): void {
  take(w, view, places);
  const top = (w[W.fsw]! >> 11) & 7;
  for (let n = 0; n < 8; n++) {
    const at = W.st + 4 * ((top + n) & 7);
    const from = st + 16 * n;
    w[at] = view.getInt32(from, true);
    w[at + 1] = view.getInt32(from + 4, true);
    w[at + 2] = view.getUint16(from + 8, true);
    w[at + 3] = 0;
  }
  for (let n = 0; n < 64; n++) w[W.xmm + n] = view.getInt32(xmm + 4 * n, true);
}

export function putFpu({ words: w }: CpuState, view: DataView, { places, st, xmm }: FpuLayout): void {
  put(w, view, places);
  const top = (w[W.fsw]! >> 11) & 7;
  for (let n = 0; n < 8; n++) {
    const at = W.st + 4 * ((top + n) & 7);
    const to = st + 16 * n;
    view.setInt32(to, w[at]!, true);
    view.setInt32(to + 4, w[at + 1]!, true);
    view.setInt32(to + 8, w[at + 2]! & 0xffff, true);
    view.setInt32(to + 12, 0, true);
  }
  for (let n = 0; n < 64; n++) view.setInt32(xmm + 4 * n, w[W.xmm + n]!, true);
}

/** The header that says that x87 and SSE registers are in the area, and nothing else. */
export function putXsaveHeader(view: DataView): void {
  for (let at = XSTATE_BV; at < XSAVE_HEADER_END; at += 8) view.setBigUint64(at, 0n, true);
  view.setBigUint64(XSTATE_BV, X87_AND_SSE, true);
}

/** kvm_vcpu_events. @returns the vector of an interrupt that was acknowledged and not yet delivered */
export function takeEvents({ words: w }: CpuState, view: DataView): number | undefined {
  const byte = (field: Parameters<typeof offsetOf<'kvm_vcpu_events'>>[1]): number =>
    view.getUint8(offsetOf('kvm_vcpu_events', field));
  const shadow = byte('interrupt.shadow');
  w[W.interruptShadow] = ((shadow & SHADOW.STI) !== 0 ? 1 : 0) | ((shadow & SHADOW.MOV_SS) !== 0 ? 2 : 0);
  // An NMI on its way into the guest starts again.
  w[W.nmiPending] = byte('nmi.pending') | byte('nmi.injected');
  w[W.nmiMasked] = byte('nmi.injected') !== 0 ? 0 : byte('nmi.masked');
  w[W.debugTrap] = 0;
  // Faults and software interrupts on their way come again, as RIP is still at their instruction.
  return byte('interrupt.injected') !== 0 && byte('interrupt.soft') === 0 ? byte('interrupt.nr') : undefined;
}

export function putEvents({ words: w }: CpuState, view: DataView): void {
  for (let n = 0; n < STRUCT.kvm_vcpu_events.size; n += 4) view.setInt32(n, 0, true);
  const shadow = w[W.interruptShadow]!;
  const set = (field: Parameters<typeof offsetOf<'kvm_vcpu_events'>>[1], value: number): void =>
    view.setUint8(offsetOf('kvm_vcpu_events', field), value);
  set('interrupt.shadow', ((shadow & 1) !== 0 ? SHADOW.STI : 0) | ((shadow & 2) !== 0 ? SHADOW.MOV_SS : 0));
  set('nmi.pending', w[W.nmiPending]!);
  set('nmi.masked', w[W.nmiMasked]!);
  view.setUint32(offsetOf('kvm_vcpu_events', 'flags'), VCPUEVENT_VALID.NMI_PENDING | VCPUEVENT_VALID.SHADOW, true);
}

export const takeXcr0 = (state: CpuState, view: DataView): void => state.set('xcr0', view.getBigUint64(XCR0, true));

export function putXcr0(state: CpuState, view: DataView): void {
  view.setUint32(offsetOf('kvm_xcrs', 'nr_xcrs'), 1, true);
  view.setUint32(4, 0, true);
  view.setBigUint64(XCR0 - offsetOf('kvm_xcr', 'value'), 0n, true);
  view.setBigUint64(XCR0, state.get('xcr0'), true);
}

/** MSRs that live in the CPU state, by number; EFER, FS.base, GS.base and the APIC base travel in kvm_sregs. */
export const STATE_MSRS: readonly { readonly number: number; readonly field: FieldName; readonly index: number }[] = [
  ...(
    [
      [0x174, 'sysenterCs'],
      [0x175, 'sysenterEsp'],
      [0x176, 'sysenterEip'],
      [0x1a0, 'miscEnable'],
      [0x277, 'pat'],
      [0xc0000081, 'star'],
      [0xc0000082, 'lstar'],
      [0xc0000083, 'cstar'],
      [0xc0000084, 'sfmask'],
      [0xc0000102, 'kernelGsBase'],
      [0xc0000103, 'tscAux'],
      [0x2ff, 'mtrrDefType'],
    ] as const
  ).map(([number, field]) => ({ number, field, index: 0 })),
  ...[0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f].map((number, index) => ({
    number,
    field: 'mtrrFixed' as const,
    index,
  })),
  ...Array.from({ length: 16 }, (_, index) => ({ number: 0x200 + index, field: 'mtrrVariable' as const, index })),
];

export const MSR_TSC = 0x10;
