import type { Machine } from '../../machine/machine.ts';
import { compareConsoles } from './consoles.ts';
import { type Lockstep, lockstep } from './lockstep.ts';
import { compareMemory } from './memory.ts';

/** What is compared. */
export interface CompareRequest {
  /** Text on COM1 up to which both machines run; they also stop when they end. */
  readonly until: string;
  /** Typed when `until` has come, and then both run to the next `until`. */
  readonly type: string | undefined;
  /** Instructions to single-step side by side afterwards, behind `skip` instructions of the machine under tcg. */
  readonly steps: number;
  readonly skip: number;
  readonly patienceMs: number;
}

const MOST_LINES = 8;
/** Instructions that the machine under tcg runs at a time, on the way to where the steps begin. */
const STRIDE = 10_000;

/** Runs the same guest under both accelerators and says, in lines, how they compare; false where they differ. */
export async function compare(
  tcg: Machine,
  kvm: Machine,
  request: CompareRequest,
): Promise<{ lines: string[]; alike: boolean }> {
  const { until, type, patienceMs } = request;
  const lines: string[] = [];
  const stepsOnly = type !== undefined && request.steps > 0;
  const texts: string[] = [];
  for (const machine of [tcg, kvm]) {
    const start = performance.now();
    machine.start();
    let text = await machine.console.waitFor(until, patienceMs);
    if (type !== undefined && !stepsOnly) {
      machine.console.type(`${type}\n`);
      text += await machine.console.waitFor(until, patienceMs);
    }
    await machine.pause();
    texts.push(text);
    lines.push(
      `${machine.accelerator}: ${text.length} characters in ${((performance.now() - start) / 1000).toFixed(1)} s`,
    );
  }
  const { same, alike, different } = compareConsoles(texts[0]!, texts[1]!);
  lines.push(`console: ${same} lines the same, ${alike} alike but for numbers, ${different.length} different`);
  for (const [a, b] of different.slice(0, MOST_LINES))
    lines.push(`  tcg  ${a ?? '(no line)'}`, `  kvm  ${b ?? '(no line)'}`);
  const memory = compareMemory(tcg.pc.memory.ram.u8, kvm.pc.memory.ram.u8);
  lines.push(`memory: ${memory.different} of ${memory.pages} pages differ${firstOf(memory.first)}`);
  if (request.steps === 0) return { lines, alike: different.length === 0 };
  if (stepsOnly) tcg.console.type(`${type}\n`);
  await runOn(tcg, request.skip, patienceMs);
  const result = lockstep(tcg, kvm, request.steps);
  lines.push(...describeLockstep(result));
  return { lines, alike: different.length === 0 && result.difference === undefined };
}

/** Lets a paused machine run so many instructions; halts do not count. */
async function runOn(machine: Machine, instructions: number, patienceMs: number): Promise<void> {
  const { vcpu, clock } = machine;
  const end = vcpu.instructions + instructions;
  const late = performance.now() + patienceMs;
  clock.resume();
  while (vcpu.instructions < end && performance.now() < late) {
    clock.timers.dispatch();
    vcpu.run(Math.min(end - vcpu.instructions, STRIDE));
    await new Promise((resolve) => setImmediate(resolve));
  }
  clock.pause();
}

const firstOf = (offset: number | undefined): string =>
  offset === undefined ? '' : `, the first at offset ${offset.toString(16)}`;

function describeLockstep({ instructions, onProcessor, undefinedFlags, difference, memory }: Lockstep): string[] {
  const lines = [
    `lockstep: ${instructions} instructions alike, ${onProcessor} of them under KVM, the others interpreted on both sides`,
    `undefined flags: ${undefinedFlags} instructions left them otherwise`,
  ];
  if (difference !== undefined) {
    lines.push(
      `the states differ behind ${difference.instruction}`,
      `${''.padEnd(14)} ${'tcg'.padStart(32)}  ${'kvm'.padStart(32)}`,
    );
    lines.push(...difference.fields);
  }
  lines.push(`memory after the steps: ${memory.different} of ${memory.pages} pages differ${firstOf(memory.first)}`);
  return lines;
}
