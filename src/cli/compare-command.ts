import { compare } from '../debug/compare/compare.ts';
import { createMachine } from '../machine/create-machine.ts';
import { guestOptions } from './boot-guest.ts';
import type { BootSettings } from './boot-settings.ts';
import type { COMPARE_OPTIONS, Values } from './options.ts';
import { UsageError } from './usage-error.ts';

const PROMPTS = { builtIn: 'emu> ', debian: 'emu:~# ' } as const;
const PATIENCE_S = 600;
const MOST_STEPS = 10_000_000;

/** `emu compare`: status 0 when both accelerators did the same, 1 when not. @throws UsageError, KvmError */
export async function compareGuests(settings: BootSettings, values: Values<typeof COMPARE_OPTIONS>): Promise<number> {
  const { cpu, tier, jit } = settings;
  const until = values.until ?? defaultUntil(settings);
  const request = {
    until,
    type: values.type,
    steps: count('--lockstep', values.lockstep ?? '0', MOST_STEPS),
    skip: count('--skip', values.skip ?? '0', Number.MAX_SAFE_INTEGER),
    patienceMs: 1000 * count('--timeout', values.timeout ?? String(PATIENCE_S), 86_400),
  };
  const options = { ...(await guestOptions(settings)), cpu, tier, jit };
  const kvm = await createMachine({ ...options, accel: 'kvm' });
  try {
    // Made for both: the guest sees the same CPU, whoever runs it.
    const tcg = await createMachine({ ...options, accel: 'tcg:kvm' });
    try {
      const { lines, alike } = await compare(tcg, kvm, request);
      process.stdout.write(`${lines.join('\n')}\n`);
      return alike ? 0 : 1;
    } finally {
      await tcg.stop();
    }
  } finally {
    await kvm.stop();
  }
}

function defaultUntil({ guest, kernel, bios }: BootSettings): string {
  if (guest === 'debian') return PROMPTS.debian;
  if (guest === undefined && kernel === undefined && bios === undefined) return PROMPTS.builtIn;
  throw new UsageError('say how far the guest is to run: --until TEXT, which it prints on COM1');
}

function count(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new UsageError(`${option} ${text}: give a whole number from 0 to ${most}`);
}
