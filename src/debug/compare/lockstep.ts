import { createDecoder, type Decode } from '../../cpu/decode.ts';
import { readRflags } from '../../cpu/flags.ts';
import { undefinedFlags } from '../../cpu/isa/row.ts';
import { type CpuState, CS, W } from '../../cpu/state.ts';
import type { Machine } from '../../machine/machine.ts';
import { examine } from '../examine.ts';
import { linear, readMemory } from '../guest-memory.ts';
import { compareMemory, type MemoryComparison } from './memory.ts';
import { stateDifference } from './state-difference.ts';

/** What single steps side by side came to. */
export interface Lockstep {
  /** Instructions that both have run alike. */
  readonly instructions: number;
  /** Of these, the ones that KVM ran; the interpreter ran the others on both sides. */
  readonly onProcessor: number;
  /** Of these, the ones whose flags differ where the SDM leaves them undefined. */
  readonly undefinedFlags: number;
  /** The instruction behind which the states differ, and a line a field; undefined: none. */
  readonly difference: { readonly instruction: string; readonly fields: readonly string[] } | undefined;
  readonly memory: MemoryComparison;
}

const LONGEST_INSTRUCTION = 15;

/**
 * Gives a paused machine under kvm the memory and the CPU state of a paused one under tcg, and steps both, until their
 * states differ or `most` instructions are done. Interrupts are held off meanwhile; devices keep their own state, so
 * that what a guest reads from them may differ.
 */
export function lockstep(tcg: Machine, kvm: Machine, most: number): Lockstep {
  const { kvm: cpu } = kvm;
  if (cpu === undefined || kvm.accelerator !== 'kvm') throw new Error('lockstep wants a machine under kvm');
  const decode = createDecoder({ features: tcg.model.features });
  const ram = kvm.pc.memory.ram.u8;
  ram.set(tcg.pc.memory.ram.u8);
  for (const machine of [tcg, kvm]) machine.holdInterrupts(true);
  kvm.tcg.forgetCode();
  let before = tcg.readState();
  kvm.writeState(before);
  let onProcessor = 0;
  let undefinedFlags = 0;
  for (let n = 0; n < most; n++) {
    tcg.vcpu.step();
    if (cpu.stepOnProcessor()) onProcessor++;
    else cpu.step();
    const after = tcg.readState();
    const got = kvm.readState();
    const fields = stateDifference(after, got);
    if (fields.length > 0) {
      const flags = readRflags(after.words) ^ readRflags(got.words);
      if (fields.length > 1 || flags === 0 || (flags & ~undefinedMask(tcg, before, decode)) !== 0) {
        const instruction = examine(tcg, { count: 1, kind: 'i', unit: 1 }, codeAddress(before), linear(tcg));
        const memory = compareMemory(tcg.pc.memory.ram.u8, ram);
        return { instructions: n, onProcessor, undefinedFlags, difference: { instruction, fields }, memory };
      }
      undefinedFlags++;
      kvm.writeState(after);
    }
    before = after;
  }
  const memory = compareMemory(tcg.pc.memory.ram.u8, ram);
  return { instructions: most, onProcessor, undefinedFlags, difference: undefined, memory };
}

const codeAddress = (state: CpuState): bigint => state.get('base', CS) + state.get('rip');

/** Flags that the instruction at a state's instruction pointer leaves undefined. */
function undefinedMask(machine: Machine, state: CpuState, decode: Decode): number {
  const bytes = readMemory(machine, codeAddress(state), LONGEST_INSTRUCTION, linear(machine));
  const insn = decode(bytes, 0, bytes.length, state.words[W.mode]!, state.words[W.rip]!, state.words[W.rip + 1]!);
  if (insn === 'truncated') return 0;
  return undefinedFlags(insn.row);
}
