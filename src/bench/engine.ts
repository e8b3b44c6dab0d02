import type { Tier } from '../accel/tcg/vcpu.ts';
import type { GuestArch } from '../host/pull/pull-debian.ts';
import type { Width } from './rom-workloads.ts';

/** What runs a workload: the host itself, kvm, or one of tcg's tiers. */
export type EngineName = 'native' | 'kvm' | Tier;

/** One sample to take. */
export type Job =
  | { readonly kind: 'rom'; readonly workload: string; readonly width: Width; readonly runs: number }
  | { readonly kind: 'boot'; readonly arch: GuestArch }
  | { readonly kind: 'command'; readonly arch: GuestArch; readonly command: string };

/** A sample: milliseconds by the host's clock, and what the workload computed. */
export interface Measured {
  readonly ms: number;
  readonly result: string;
}

export interface Engine {
  readonly name: EngineName;
  /** Why there can be no figure, known beforehand. */
  refusal?(job: Job): string | undefined;
  /** @throws Gap when there can be no figure, and why */
  run(job: Job): Promise<Measured>;
  close(): Promise<void>;
}

/** There is no figure; the message is the reason, in a few words. */
export class Gap extends Error {
  override readonly name = 'Gap';
}
