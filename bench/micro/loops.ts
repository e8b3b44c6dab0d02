import type { Tier } from '../../src/accel/tcg/vcpu.ts';
import { MicroCpu, type Width } from './cpu.ts';
import { bytes } from './sample-code.ts';
import type { Case } from './suite.ts';

interface Op {
  readonly name: string;
  readonly code: string;
  readonly only64?: boolean;
}

/** One operation each, as code that can be repeated: RSI and RDI point to data, RBX = 7, RCX = 5. */
const OPS: readonly Op[] = [
  { name: 'ADD Ev,Gv', code: '01d8' },
  { name: 'ADD Gv,M', code: '0306' },
  { name: 'ADD M,Gv', code: '0107' },
  { name: 'MOV Gv,M', code: '8b06' },
  { name: 'MOV M,Gv', code: '8907' },
  { name: 'MOV Gv,M misaligned', code: '8b4601' },
  { name: 'MOVZX Gv,Eb', code: '0fb606' },
  { name: 'LEA', code: '8d445b04' },
  { name: 'SHL Ev,Ib', code: 'c1e003' },
  { name: 'SHL Ev,CL', code: 'd3e0' },
  { name: 'IMUL Gv,Ev', code: '0fafc3' },
  { name: 'MUL', code: 'f7e3' },
  { name: 'XOR, DIV', code: '31d2f7f3' },
  { name: 'CMP, Jcc not taken', code: '39d87440' },
  { name: 'CMP, Jcc taken', code: '39d97500' },
  { name: 'CMP, SETcc', code: '39d80f94c0' },
  { name: 'CMP, CMOVcc', code: '39d80f44c3' },
  { name: 'ADD, ADC', code: '01d811da' },
  { name: 'PUSH, POP', code: '5058' },
  { name: 'CALL, RET, JMP', code: 'e802000000eb01c3' },
  { name: 'REP MOVSB 256', code: '5657b900010000f3a45f5e' },
  { name: 'REP STOSB 256', code: '57b900010000f3aa5f' },
  { name: 'PUSHF, POPF', code: '9c9d' },
  { name: 'CPUID', code: '31c0530fa25b' },
  { name: 'FLD1, FADD, FSTP', code: 'd9e8d8c0ddd8' },
  { name: 'MOVDQU V,M', code: 'f30f6f06' },
  { name: 'PADDD', code: '660ffec1' },
  { name: 'ADDSD', code: 'f20f58c1' },
  { name: 'MULPD', code: '660f59c1' },
  { name: 'ADD r64', code: '4801d8', only64: true },
  { name: 'MOV r64,M', code: '488b06', only64: true },
  { name: 'MOV M,r64', code: '488907', only64: true },
  { name: 'SHL r64,Ib', code: '48c1e003', only64: true },
  { name: 'IMUL r64', code: '480fafc3', only64: true },
  { name: 'CMP r64, Jcc', code: '4839d87440', only64: true },
];
const COPIES = 16;
/** Loops per call, so that a call takes about a millisecond. */
const LOOPS: Record<Tier, number> = { eval: 4, interp: 500, jit: 4000 };
/** Emitted code has settled when it got no faster by a tenth for the first of these; it is given up at the second. */
const SETTLED_MS = 100;
const PATIENCE_MS = 3000;

/** Each operation in each tier: nanoseconds per copy of its code. */
export function loopCases(widths: readonly Width[] = [32, 64]): Case[] {
  const cases: Case[] = [];
  for (const width of widths) {
    for (const tier of ['eval', 'interp', 'jit'] as const) {
      const cpu = new MicroCpu(tier, width);
      for (const { name, code, only64 } of OPS) {
        if (only64 === true && width === 32) continue;
        // A Jcc's displacement of 40h stays inside the page: it is never taken.
        const entry = cpu.placeLoop(bytes(code), COPIES);
        let warm = tier !== 'jit';
        const once = () => cpu.runLoop(entry, LOOPS[tier]);
        const run = () => {
          if (!warm) settle(once);
          warm = true;
          once();
        };
        cases.push({ group: `${tier} ${width}`, name, units: COPIES * LOOPS[tier], run });
      }
    }
  }
  return cases;
}

/** Runs until V8 has compiled what it will compile. */
function settle(run: () => void): void {
  const begin = performance.now();
  let now = begin;
  let best = Number.POSITIVE_INFINITY;
  let improved = begin;
  while (now - improved < SETTLED_MS && now - begin < PATIENCE_MS) {
    run();
    const ms = performance.now() - now;
    now += ms;
    if (ms > best * 0.9) continue;
    best = ms;
    improved = now;
  }
}
