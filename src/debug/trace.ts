import { CS, FLAG, W } from '../cpu/state.ts';
import type { Machine } from '../machine/machine.ts';
import { hex } from '../util/hex.ts';
import { listing } from './disassembly.ts';
import { linear, readMemory } from './guest-memory.ts';

/** What can be traced: instructions, exceptions and interrupts, translations, ports, device memory, IRQ lines. */
export const TRACE_CHANNELS = ['cpu', 'int', 'mmu', 'io', 'mmio', 'irq'] as const;
export type TraceChannel = (typeof TRACE_CHANNELS)[number];

const LONGEST_INSTRUCTION = 15;
const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/**
 * Connects channels to `print`, which gets one line an event: the channel's name, then
 *
 * - `cpu`: instruction count, CS:RIP, disassembly, and the registers that changed since the line before
 * - `int`: vector, error code, kind, where it happened
 * - `mmu`: a translation that was made, or dropped
 * - `io`, `mmio`: direction, port or address, size, value, device
 * - `irq`: number and level of a line into the interrupt controller
 */
export function attachTrace(machine: Machine, channels: readonly TraceChannel[], print: (line: string) => void): void {
  const { pc, tcg } = machine;
  const attach: Record<TraceChannel, () => void> = {
    cpu: () => {
      tcg.traceStep = instructionTrace(machine, print);
    },
    int: () => {
      tcg.traceInterrupt = (line) => print(`int ${line}`);
    },
    mmu: () => {
      tcg.mmu.trace = (line) => print(`mmu ${line}`);
    },
    io: () => {
      pc.ports.trace = (direction, port, size, value, device) =>
        print(`io ${direction} ${hex(port, 4)}/${size} ${hex(value, size * 2)} ${device}`);
    },
    mmio: () => {
      pc.memory.trace = (direction, gpa, size, value, device) =>
        print(`mmio ${direction} ${hex(gpa, 8)}/${size} ${hex(value, size * 2)} ${device}`);
    },
    irq: () => {
      const levels: boolean[] = [];
      pc.traceIrq = (irq, level) => {
        if (levels[irq] === level) return;
        levels[irq] = level;
        print(`irq ${irq} ${level ? 1 : 0}`);
      };
    },
  };
  for (const channel of channels) attach[channel]();
}

function instructionTrace(machine: Machine, print: (line: string) => void): () => void {
  const { state } = machine.tcg;
  const before = new BigUint64Array(NAMES.length);
  return () => {
    const { words } = state;
    const rip = state.get('rip');
    const changed: string[] = [];
    NAMES.forEach((name, index) => {
      const value = state.get('gpr', index);
      if (value === before[index]) return;
      before[index] = value;
      changed.push(`${name}=${value.toString(16)}`);
    });
    const at = `${(words[W.selector + CS]! & 0xffff).toString(16).padStart(4, '0')}:${rip.toString(16).padStart(8, '0')}`;
    const bytes = readMemory(machine, state.get('base', CS) + rip, LONGEST_INSTRUCTION, linear(machine));
    const [line] = listing(bytes, rip, words[W.mode]!, 1);
    const flags = (words[W.rflags]! & FLAG.IF) !== 0 ? 'i' : '-';
    print(
      `cpu ${machine.vcpu.instructions} ${at} ${flags} ${(line?.text ?? '(no memory)').padEnd(36)} ${changed.join(' ')}`.trimEnd(),
    );
  };
}
