import type { AcceleratorName } from './handover.ts';
import type { KvmHost } from './kvm/index.ts';

export type { AcceleratorName };

const NAMES: readonly AcceleratorName[] = ['kvm', 'tcg'];

/** Which accelerator a machine starts with, and whether it may move to kvm. */
export interface Selection {
  readonly first: AcceleratorName;
  readonly kvm: KvmHost | undefined;
  /** One line for the user when the choice is not the obvious one. */
  readonly note: string | undefined;
}

/**
 * Reads a list in order of preference: `kvm`, `tcg`, `kvm:tcg`; `tcg:kvm` starts with tcg and may move to kvm.
 * @throws Error in one line
 */
export function parseAccelerators(text: string): AcceleratorName[] {
  const names = text.split(':');
  const unknown = names.find((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`there is no accelerator "${unknown}": use kvm, tcg, or kvm:tcg`);
  return names as AcceleratorName[];
}

/**
 * The first accelerator of the list that works here.
 * @throws KvmError when only kvm was asked for and it does not work
 */
export async function selectAccelerator(names: readonly AcceleratorName[]): Promise<Selection> {
  if (!names.includes('kvm')) return { first: 'tcg', kvm: undefined, note: undefined };
  const { openKvmHost } = await import('./kvm/index.ts');
  try {
    const kvm = await openKvmHost();
    const first = names[0]!;
    return { first, kvm, note: names.length > 1 ? `accelerator: ${first}` : undefined };
  } catch (error) {
    if (!names.includes('tcg') || !(error instanceof Error)) throw error;
    return { first: 'tcg', kvm: undefined, note: `accelerator: tcg, as kvm cannot be used: ${error.message}` };
  }
}
