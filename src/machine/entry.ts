import type { CpuModel } from '../cpu/cpuid.ts';
import { resetState } from '../cpu/reset.ts';
import { type CpuState, ES, W } from '../cpu/state.ts';
import { type EntryState, REGISTER_NAMES, SEGMENT_NAMES } from './boot/entry-state.ts';

const GPR_ORDER = { rax: 0, rcx: 1, rdx: 2, rbx: 3, rsp: 4, rbp: 5, rsi: 6, rdi: 7 } as const;

/** Puts the CPU where a boot plan wants it. */
export function applyEntry(state: CpuState, entry: EntryState, model: CpuModel): void {
  resetState(state, model);
  const { words } = state;
  for (const name of REGISTER_NAMES) state.set('gpr', BigInt(entry.registers[name]), GPR_ORDER[name]);
  state.set('rip', BigInt(entry.rip));
  words[W.rflags] = entry.rflags | 2;
  SEGMENT_NAMES.forEach((name, index) => {
    const { selector, base, limit, attributes } = entry.segments[name];
    words[W.selector + ES + index] = selector;
    words[W.attributes + ES + index] = attributes;
    words[W.limit + ES + index] = limit;
    state.set('base', BigInt(base), index);
  });
  state.set('gdtrBase', BigInt(entry.gdtr.base));
  words[W.gdtrLimit] = entry.gdtr.limit;
  state.set('idtrBase', BigInt(entry.idtr.base));
  words[W.idtrLimit] = entry.idtr.limit;
  state.set('cr0', BigInt(entry.cr0));
  state.set('cr3', BigInt(entry.cr3));
  state.set('cr4', BigInt(entry.cr4));
  state.set('efer', BigInt(entry.efer));
}
