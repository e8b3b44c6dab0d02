import type { AcceleratorName } from '../accel/select.ts';
import type { Tier } from '../accel/tcg/vcpu.ts';
import type { EngineName } from '../bench/engine.ts';
import type { Plan } from '../bench/run.ts';
import type { BENCH_OPTIONS, Values } from './options.ts';
import { didYouMean } from './suggest.ts';
import { UsageError } from './usage-error.ts';

const ACCELERATORS: readonly AcceleratorName[] = ['kvm', 'tcg'];
const TIERS: readonly Tier[] = ['jit', 'interp', 'eval'];

/** Engines in the order of the table's columns, and the filter. @throws UsageError */
export function benchPlan(values: Values<typeof BENCH_OPTIONS>): Plan {
  const accel = list('accel', values.accel ?? 'kvm,tcg', ACCELERATORS);
  const tiers = list('tier', values.tier ?? 'jit,interp', TIERS);
  if (values.tier !== undefined && !accel.includes('tcg')) {
    throw new UsageError(`--tier ${values.tier} is about tcg: add it, --accel ${values.accel},tcg`);
  }
  const engines: EngineName[] = ['native'];
  if (accel.includes('kvm')) engines.push('kvm');
  if (accel.includes('tcg')) engines.push(...TIERS.filter((tier) => tiers.includes(tier)));
  return { engines, filter: values.filter === undefined ? undefined : filter(values.filter) };
}

function list<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(/[,:]/).map((word) => {
    const found = known.find((name) => name === word);
    if (found !== undefined) return found;
    const hint = didYouMean(word, known) || `: use ${known.join(', ')}, or several with commas`;
    throw new UsageError(`--${option} ${text}: there is no "${word}"${hint}`);
  });
}

function filter(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new UsageError(`--filter ${text}: this is no regular expression; e.g. --filter "integer|calls/64"`);
  }
}
