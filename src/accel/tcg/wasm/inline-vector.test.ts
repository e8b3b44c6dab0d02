import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeCpu } from '../../../../test/support/fake-cpu.ts';
import { InlineCode } from '../../../../test/support/inline-code.ts';
import { W } from '../../../cpu/state.ts';
import { printVector } from './inline-vector.ts';

const D = W.xmm;
const S = W.xmm + 4;

const BINARY =
  `paddb paddw paddd paddq psubb psubw psubd psubq paddsb paddsw paddusb paddusw psubsb psubsw psubusb psubusw
  pmullw pmulld pmaddwd pavgb pavgw pminub pmaxub pminsb pmaxsb pminsw pmaxsw pminuw pmaxuw pminsd pmaxsd pminud pmaxud
  pcmpeqb pcmpeqw pcmpeqd pcmpeqq pcmpgtb pcmpgtw pcmpgtd pcmpgtq packsswb packuswb packssdw packusdw punpcklbw punpcklwd
  punpckldq punpckhbw punpckhwd punpckhdq pshufb`.split(/\s+/);
const BY_IMMEDIATE = ['pshufd', 'pshuflw', 'pshufhw', 'shufps', 'shufpd', 'palignr'];
const SHIFTS = ['psrlw', 'psraw', 'psllw', 'psrld', 'psrad', 'pslld', 'psrlq', 'psllq', 'psrldq', 'pslldq'];
const MASKS = ['pmovmskb', 'movmskps', 'movmskpd'];

/** Bytes that are often edges, and often the same in both vectors. */
const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.integer({ min: 0, max: 255 }));
const vectors = fc
  .array(byte, { minLength: 32, maxLength: 32 })
  .chain((bytes) =>
    fc
      .boolean()
      .map((same) => (same ? [...bytes.slice(0, 16), ...bytes.slice(0, 16).map((x, i) => x ^ (i & 1))] : bytes)),
  );

/** Runs code, where there is any, and the helper on the same state. */
function agree(helper: string, type: 'i32' | undefined, args: readonly number[], count?: number): boolean {
  const cpu = new FakeCpu('long');
  const { bytes, words } = cpu.state;
  let printed = false;
  const code = new InlineCode(
    (call) => {
      if (count !== undefined) {
        const { ir } = call;
        ir.insts.pop();
        ir.add({ op: 'set', slot: { word: W.scratch, param: null }, value: ir.const32(count) });
        ir.add(call.inst);
      }
      printed = printVector(call);
    },
    helper,
    type,
    args.map((known) => ({ known })),
  );
  fc.assert(
    fc.property(vectors, (input) => {
      bytes.set(input, 4 * D);
      words[W.scratch] = count ?? 0;
      words[W.scratch + 1] = 0;
      const before = words.slice();
      const got = code.run(words);
      const after = words.slice(W.xmm, W.scratch);
      words.set(before);
      const expected = cpu.call[helper]!(...args);
      if (!printed) return;
      expect(after).toEqual(words.slice(W.xmm, W.scratch));
      if (type !== undefined) expect(got).toBe(BigInt(expected));
    }),
    { numRuns: 100 },
  );
  return printed;
}

test.each(BINARY)('%s: as the helper', (helper) => {
  expect(agree(helper, undefined, [D, S, 16])).toBe(true);
  expect(agree(helper, undefined, [D, D, 16])).toBe(true);
  expect(agree(helper, undefined, [D, S, 8])).toBe(false);
});

test.each(BY_IMMEDIATE)('%s: as the helper', (helper) => {
  const most = helper === 'palignr' ? 16 : 255;
  for (let by = 0; by <= most; by += helper === 'palignr' ? 1 : 17) {
    expect(agree(helper, undefined, [D, S, by, 16])).toBe(true);
    expect(agree(helper, undefined, [D, D, by, 16])).toBe(true);
  }
  expect(agree('palignr', undefined, [D, S, 17, 16])).toBe(false);
});

test.each(SHIFTS)('%s: as the helper', (helper) => {
  const bits = helper.endsWith('dq') ? 16 : { w: 16, d: 32, q: 64 }[helper.at(-1) as 'w']!;
  for (const count of [0, 1, 7, 8, bits - 1]) {
    expect(agree(helper, undefined, [D, W.scratch, 16], count)).toBe(true);
  }
  expect(agree(helper, undefined, [D, W.scratch, 16], bits)).toBe(false);
  expect(agree(helper, undefined, [D, W.scratch, 16])).toBe(false);
  expect(agree(helper, undefined, [D, S, 16])).toBe(false);
});

test.each(MASKS)('%s: as the helper', (helper) => {
  expect(agree(helper, 'i32', [D, 16])).toBe(true);
});

test('ptest: as the helper', () => {
  expect(agree('ptest', 'i32', [D, S])).toBe(true);
});
