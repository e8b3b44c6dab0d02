import { describe, expect, it } from 'vitest';
import type { CpuContext } from '../context.ts';
import { CpuState, FLAG, W } from '../state.ts';
import { stringCompareHelpers } from './string-compare.ts';
import { vectorIntHelpers } from './vector-int.ts';
import { vectorPackHelpers } from './vector-pack.ts';
import { vectorShiftHelpers } from './vector-shift.ts';
import { vectorShuffleHelpers } from './vector-shuffle.ts';

const D = W.xmm;
const S = W.xmm + 4;

function setUp() {
  const state = new CpuState();
  const cpu = { state, w: state.words } as unknown as CpuContext;
  /** Sixteen bytes in reading order: the most significant first. */
  const set = (word: number, text: string): void => {
    const bytes = text.replaceAll(' ', '').match(/../g)!;
    state.bytes.set(bytes.map((byte) => Number.parseInt(byte, 16)).reverse(), 4 * word);
  };
  const get = (word: number): string =>
    [...state.bytes.slice(4 * word, 4 * word + 16)]
      .reverse()
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
  const helpers: Record<string, (...args: number[]) => unknown> = {
    ...vectorIntHelpers(cpu),
    ...vectorShiftHelpers(cpu),
    ...vectorPackHelpers(cpu),
    ...vectorShuffleHelpers(cpu),
    ...stringCompareHelpers(cpu),
  };
  return { state, set, get, helpers };
}

describe('packed integers', () => {
  it.each([
    [
      'paddb',
      'ff7f80010203040506070809fffefdfc',
      '0181800101010101010101010203fe04',
      '00000002030405060708090a0101fb00',
    ],
    [
      'psubq',
      '00000000000000000000000100000000',
      '00000000000000010000000000000001',
      'ffffffffffffffff00000000ffffffff',
    ],
    [
      'psubusw',
      '00010005ffff00000000000000000000',
      '00020003000100000000000000000001',
      '00000002fffe00000000000000000000',
    ],
    [
      'pmaddubsw',
      'ffff0102000000000000000000000000',
      '7f7f8081000000000000000000000000',
      '7ffffe82000000000000000000000000',
    ],
    [
      'psadbw',
      '00000000000000ff0102030405060708',
      'ff000000000000000807060504030201',
      '00000000000001fe0000000000000020',
    ],
    [
      'pcmpgtq',
      '80000000000000000000000000000002',
      '00000000000000000000000000000001',
      '0000000000000000ffffffffffffffff',
    ],
    [
      'pmuldq',
      '00000000ffffffff0000000080000000',
      '00000000fffffffe0000000080000000',
      '00000000000000024000000000000000',
    ],
    [
      'packuswb',
      '7fff00ff010080000001000200030004',
      '00000000000000000000000000000000',
      '0000000000000000ffffff0001020304',
    ],
    [
      'punpckhwd',
      '1111222233334444aaaabbbbccccdddd',
      '5555666677778888eeeeffff00001111',
      '55551111666622227777333388884444',
    ],
    [
      'pshufb',
      '0f0e0d0c0b0a09080706050403020100',
      '800f0e0d7f0102038000000000000000',
      '000f0e0d0f0102030000000000000000',
    ],
    [
      'psignd',
      '80000000000000017fffffff00000005',
      'ffffffffffffffff0000000000000001',
      '80000000ffffffff0000000000000005',
    ],
  ])('%s', (name, d, s, result) => {
    const { set, get, helpers } = setUp();
    set(D, d);
    set(S, s);
    helpers[name]!(D, S, 16);
    expect(get(D)).toBe(result);
  });

  it('shift counts above the size of an element clear it, or fill it with the sign', () => {
    const { set, get, helpers } = setUp();
    set(S, '0000000000000000 0000000100000000');
    for (const [name, result] of [
      ['psrlw', '0'],
      ['pslld', '0'],
      ['psllq', '0'],
      ['psrldq', '0'],
      ['psrad', 'f'],
    ] as const) {
      set(D, 'f'.repeat(32));
      helpers[name]!(D, S, 16);
      expect([name, get(D)]).toEqual([name, result.repeat(32)]);
    }
  });

  it('PALIGNR takes bytes from behind the source', () => {
    const { set, get, helpers } = setUp();
    set(D, '0f0e0d0c0b0a09080706050403020100');
    set(S, '1f1e1d1c1b1a19181716151413121110');
    helpers.palignr!(D, S, 20, 16);
    expect(get(D)).toBe('000000000f0e0d0c0b0a090807060504');
  });
});

describe('string comparison', () => {
  const text = (word: number, content: string, state: CpuState): void => {
    state.bytes.fill(0, 4 * word, 4 * word + 16);
    state.bytes.set(
      [...content].map((letter) => letter.charCodeAt(0)),
      4 * word,
    );
  };

  it.each([
    ['any of a set', 'aeiou', 'rhythmic', 0x00, 6],
    ['outside of ranges', 'azAZ', 'letters4', 0x14, 7],
    ['first difference', 'same here', 'same there', 0x18, 5],
    ['substring', 'here', 'is it there?', 0x0c, 7],
    ['substring that begins at the end', 'end!', 'fourteen bytesen', 0x0c, 14],
    ['none', 'xyz', 'abc', 0x00, 16],
  ])('PCMPISTRI finds: %s', (_, a, b, imm, index) => {
    const { state, helpers } = setUp();
    text(D, a, state);
    text(S, b, state);
    const result = helpers.pcmpistri!(D, S, imm) as number;
    expect(result & 0xffff).toBe(index);
    expect((result >> 16) & FLAG.CF).toBe(index === 16 ? 0 : FLAG.CF);
    expect((result >> 16) & FLAG.ZF).toBe(b.length < 16 ? FLAG.ZF : 0);
  });

  it('PCMPESTRM takes the magnitude of a length, at most 16', () => {
    const { state, get, helpers } = setUp();
    text(D, 'ab', state);
    text(S, 'abababababababab', state);
    helpers.pcmpestrm!(D, D, S, 0x40, -1, -1, 5, 1);
    expect(get(D)).toBe('00ff00ff00ff00ff00ff00ff00ff00ff');
  });
});
