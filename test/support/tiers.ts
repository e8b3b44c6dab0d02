import type { TcgOptions, Tier } from '../../src/accel/tcg/vcpu.ts';

/** What runs a test's instructions: a tier, or the jit tier with JavaScript for 64-bit code as well. */
export type TestTier = Tier | 'js';

export const TEST_TIERS: readonly TestTier[] = ['eval', 'interp', 'jit', 'js'];

export const optionsOf = (tier: TestTier): Pick<TcgOptions, 'tier' | 'jit'> =>
  tier === 'js' ? { tier: 'jit', jit: { passes: { 'web-assembly': false } } } : { tier };

export const emits = (tier: TestTier): boolean => tier === 'jit' || tier === 'js';
