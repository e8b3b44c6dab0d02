import { expect, it } from 'vitest';
import { RAX, RCX, W } from '../../src/cpu/state.ts';
import { emits, type TestTier } from '../support/tiers.ts';
import { Guest } from './guest.ts';
import { compileAtRip } from './jit-frame.ts';

const AT = 0x200000;
const DATA = 0x201000;
// biome-ignore format: an instruction at a time
const LOOP = [
  0xf2, 0x0f, 0x2a, 0xd1,                               // cvtsi2sd xmm2,ecx
  0xf2, 0x0f, 0x58, 0xc2,                               // addsd xmm0,xmm2
  0xf2, 0x0f, 0x59, 0x04, 0x25, 0x00, 0x10, 0x20, 0x00, // mulsd xmm0,[201000h]
  0x66, 0x0f, 0x5c, 0xc8,                               // subpd xmm1,xmm0
  0xf2, 0x0f, 0x51, 0xd9,                               // sqrtsd xmm3,xmm1
  0xf2, 0x0f, 0x2c, 0xd0,                               // cvttsd2si edx,xmm0
  0x48, 0x01, 0xd0,                                     // add rax,rdx
  0x66, 0x0f, 0x2e, 0xc1,                               // ucomisd xmm0,xmm1
  0x48, 0x83, 0xd0, 0x00,                               // adc rax,0
  0xff, 0xc9,                                           // dec ecx
  0x75, 0xd3,                                           // jnz
  0xf4,                                                 // hlt
];
const FACTORS = [0.75, -0.1, 3, 2 ** 60, -0, 2 ** -1060, Infinity, Number.NaN];
const CONTROLS = [0x1fa0, 0x1f80, 0x3fa0, 0x5f80, 0x7fa0, 0x9fe0];

/** Registers after the loop has run with each factor and MXCSR, twice over. */
function results(tier: TestTier) {
  const { vcpu, ram } = new Guest(tier);
  const { state, w } = vcpu;
  ram.u8.set(LOOP, AT);
  const seen: unknown[] = [];
  for (const mxcsr of [...CONTROLS, ...CONTROLS]) {
    for (const factor of FACTORS) {
      ram.view.setFloat64(DATA, factor, true);
      state.f64.fill(1, W.xmm >> 1, (W.xmm >> 1) + 8);
      w[W.mxcsr] = mxcsr;
      state.set('gpr', 0n, RAX);
      state.set('gpr', 40n, RCX);
      state.set('rip', BigInt(AT));
      state.set('halted', 0n);
      if (emits(tier)) compileAtRip(vcpu);
      vcpu.run(10_000);
      seen.push([factor, state.get('gpr', RAX), state.get('gpr', RCX), w[W.mxcsr], w.slice(W.xmm, W.xmm + 16)]);
    }
  }
  return seen;
}

it.each(['jit', 'js'] as const)(
  'arithmetic on doubles in a region is that of the instructions, at every MXCSR, %s',
  (tier) => {
    expect(results(tier)).toEqual(results('eval'));
  },
);
