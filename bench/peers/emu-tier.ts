/** What runs the guest's code in emu: an accelerator, a tier of tcg, or its jit tier with JavaScript for 64-bit code too. */
export type EmuTier = 'interp' | 'jit' | 'js' | 'kvm';

/** The machine's options that say so. */
export function optionsOf(tier: EmuTier) {
  if (tier === 'kvm') return { accel: 'kvm' } as const;
  if (tier === 'js') return { tier: 'jit', jit: { passes: { 'web-assembly': false } } } as const;
  return { tier } as const;
}
