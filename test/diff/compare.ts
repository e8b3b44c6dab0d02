import { FIELDS } from '../../src/cpu/state.ts';
import { entryOf } from './handlers.ts';
import { ALIAS, CODE, CODE_BYTES, KERNEL_STACK, PAGE, type World } from './layout.ts';
import { COMPARED, DiffMachine, type Outcome } from './machine.ts';
import type { Program } from './program.ts';

/** Of a page-table entry. */
const ACCESSED = 0x20;

/** The machines that a program is run on. One set serves many programs: their compiled forms are kept. */
export class Tiers {
  readonly #oracle = new DiffMachine('eval');
  readonly #others = [
    { name: 'interp', machine: new DiffMachine('interp') },
    { name: 'jit, hot 30', machine: new DiffMachine('jit', { hot: 30 }) },
  ] as const;
  /** 64-bit code becomes WebAssembly in the others. */
  readonly #javaScript = {
    name: 'jit, hot 10, JavaScript',
    machine: new DiffMachine('jit', { hot: 10, passes: { 'web-assembly': false } }),
  };
  readonly #early = new Map<number, DiffMachine>();

  /** The machine whose blocks are promoted after `hot` entries. */
  early(hot: number): DiffMachine {
    let machine = this.#early.get(hot);
    if (machine === undefined) this.#early.set(hot, (machine = new DiffMachine('jit', { hot })));
    return machine;
  }

  /** What differs, as text; undefined: nothing. */
  difference(program: Program): string | undefined {
    const expected = this.#oracle.run(program);
    if (expected.reason === 'too long') return undefined;
    const machines = [...this.#others, { name: `jit, hot ${program.hot}`, machine: this.early(program.hot) }];
    if (program.world.code === 64) machines.push(this.#javaScript);
    for (const { name, machine } of machines) {
      const got = machine.run(program);
      if (name !== 'interp') forgiveLookAhead(program.world, expected.ram, got.ram);
      const lines = compare(expected, got, program.interrupts);
      if (lines.length > 0) return [`eval and ${name} differ`, ...lines].join('\n');
    }
    return undefined;
  }
}

/**
 * A region looks up the pages that it may run on before it begins, and sets their accessed bits, as a processor may that
 * fetches ahead (SDM 3A 4.10.2.3): also those of pages that it then does not come to.
 */
function forgiveLookAhead(world: World, expected: Uint8Array, got: Uint8Array): void {
  if (world.real) return;
  for (const pages of [CODE, ALIAS]) {
    for (let page = pages; page < pages + CODE_BYTES; page += PAGE) {
      const entry = entryOf(world, page);
      if (got[entry] === (expected[entry]! | ACCESSED)) got[entry] = expected[entry]!;
    }
  }
}

/** Lines that tell two outcomes apart. Interrupts come at different places, and so does what they leave behind. */
export function compare(expected: Outcome, got: Outcome, interrupts: boolean): string[] {
  const lines: string[] = [];
  const tell = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) lines.push(`${what.padEnd(16)} ${a}  got  ${b}`);
  };
  tell('end', expected.reason, got.reason);
  if (!interrupts) tell('instructions', expected.instructions, got.instructions);
  const at = expected.log.findIndex((entry, n) => entry !== got.log[n]);
  if (at >= 0) tell(`fault ${at}`, expected.log[at], got.log[at]);
  else tell('faults', expected.log.length, got.log.length);
  for (const name of COMPARED) {
    const { word, count, stride } = FIELDS[name];
    for (let n = 0; n < count * stride; n++) {
      const hex = (outcome: Outcome): string => (outcome.state.words[word + n]! >>> 0).toString(16).padStart(8, '0');
      tell(`${name}[${(n / stride) | 0}]`, hex(expected), hex(got));
    }
  }
  if (interrupts) for (const { ram } of [expected, got]) ram.fill(0, KERNEL_STACK - PAGE + 4, KERNEL_STACK);
  let shown = 0;
  if (Buffer.compare(expected.ram, got.ram) !== 0) {
    for (let n = 0; n < expected.ram.length && shown < 8; n++) {
      if (expected.ram[n] === got.ram[n]) continue;
      tell(`[${n.toString(16)}]`, expected.ram[n]!.toString(16), got.ram[n]!.toString(16));
      shown++;
    }
  }
  return lines;
}
