import { expect, test } from 'vitest';
import { parseCpuModel } from '../../../cpu/cpuid.ts';
import { createDecoder } from '../../../cpu/decode.ts';
import type { Insn } from '../../../cpu/insn.ts';
import { IrBuilder } from '../../../cpu/ir/block.ts';
import { MODE } from '../../../cpu/mode.ts';
import { translateInsn } from '../../../cpu/translate.ts';
import { Frame, type Layout } from './frame.ts';
import { Lookups } from './lookups.ts';
import { withMovableAddresses } from './movable.ts';

const decode = createDecoder({ features: parseCpuModel('max').features });

/** How each access of some code, in hexadecimal, follows from those before it: `-`, or `LOCAL+BYTES` and `!` where inside. */
function follow(hex: string, lookups = Lookups.begin(new Frame({} as Layout, { low: 0, high: 0 }))): string {
  const bytes = Uint8Array.from(hex.replaceAll(' ', '').match(/../g)!, (byte) => Number.parseInt(byte, 16));
  const seen: string[] = [];
  const names = new Map<number, string>();
  const nameOf = (local: number): string => {
    if (!names.has(local)) names.set(local, 'abcdefghijklmnopqrstuvwxyz'[names.size]!);
    return names.get(local)!;
  };
  for (let at = 0; at < bytes.length; ) {
    const insn = decode(bytes, at, bytes.length, MODE.CODE_64, 0x1000 + at, 0) as Insn;
    const ir = translateInsn(withMovableAddresses(insn), new IrBuilder(true));
    lookups.begin(ir);
    ir.insts.forEach((inst, n) => {
      if (inst.op === 'load' || (inst.op === 'store' && inst.after === null)) {
        const write = inst.op === 'store' || inst.forWrite;
        const near = lookups.near(inst.address, inst.width, write);
        if (near !== undefined)
          seen.push(`${nameOf(near.local)}${near.by < 0 ? '' : '+'}${near.by}${near.inside ? '!' : ''}`);
        else {
          const local = lookups.remember(inst.address, inst.width, write);
          seen.push(local === undefined ? '-' : `${nameOf(local)}`);
        }
      }
      if (inst.op === 'call') lookups.forget();
      lookups.note(inst, n);
    });
    at += insn.length;
  }
  return seen.join(' ');
}

test.each([
  ['what is pushed is popped', '50 53 5b 58', 'a a-8 a-8 a+0!'],
  ['a frame pointer is the stack pointer', '55 48 89 e5 48 83 ec 20 48 89 7d f8 48 8b 45 f8', 'a a-8 a-8'],
  ['a field of what another field names', '48 8b 43 08 48 8b 48 10 48 8b 50 18', 'a b b+8'],
  ['parts of it', '48 8b 03 8b 03 8b 43 04 8b 43 05', 'a a+0! a+4! a+5'],
  ['elements with the same index', '8b 04 8b 8b 54 8b 04 48 ff c1 8b 14 8b', 'a a+4 a+4'],
  ['another index', '8b 04 8b 89 c1 8b 14 8b', 'a b'],
  ['names of places in the code', '8b 05 00 01 00 00 8b 0d 00 01 00 00', 'a a+6'],
  ['a store behind a load looks up for itself', '8b 03 89 43 04 8b 43 08', 'a a a+4'],
  ['a register that was written is another one', '8b 03 89 c3 8b 03', 'a b'],
  ['half a register was written', '8b 03 b3 05 8b 03', 'a b'],
  ['a register that may have been written is another one', '8b 03 48 0f 44 d8 8b 03', 'a b'],
  ['far away', '8b 03 8b 83 00 09 00 00', 'a a'],
  ['a helper ran', '8b 03 0f a2 8b 43 04', 'a a'],
])('%s', (_, code, seen) => {
  expect(follow(code)).toBe(seen);
});

test('what ways have in common is known on both, and nothing where they meet', () => {
  const lookups = Lookups.begin(new Frame({} as Layout, { low: 0, high: 0 }));
  follow('8b 03', lookups);
  const copy = lookups.copy();
  expect(follow('8b 43 04 bb 00 00 00 00', copy)).toBe('a+4');
  expect(follow('8b 43 04', lookups)).toBe('a+4');
  expect(follow('8b 43 04', lookups.unknown())).toBe('a');
});

test('the look-up of longest ago is forgotten', () => {
  const loads = Array.from(
    { length: 16 },
    (_, n) => `8b 83 ${'00'} ${(16 * (n + 1)).toString(16).padStart(4, '0').match(/../g)!.reverse().join(' ')} 00`,
  );
  const lookups = Lookups.begin(new Frame({} as Layout, { low: 0, high: 0 }));
  follow('8b 03', lookups);
  expect(follow(loads.join(' '), lookups).split(' ')).toHaveLength(16);
  expect(follow('8b 03', lookups)).toBe('a');
});
