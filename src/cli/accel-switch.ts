import { type AcceleratorName, parseAccelerators } from '../accel/select.ts';
import { UsageError } from './usage-error.ts';

/** Move to `to` when the guest prints `text` on COM1. */
export interface AccelSwitch {
  readonly to: AcceleratorName;
  readonly text: string;
}

/** Reads `kvm:TEXT`. @throws UsageError */
export function parseAccelSwitch(value: string): AccelSwitch {
  const [, name, text] = /^(kvm|tcg):(.+)$/s.exec(value) ?? [];
  if (name === undefined) {
    throw new UsageError(`--switch-accel ${value}: write kvm:TEXT or tcg:TEXT, e.g. --switch-accel "kvm:login:"`);
  }
  return { to: name as AcceleratorName, text: text! };
}

/** Accelerators in order of preference. @throws UsageError */
export function parseAccel(text: string): AcceleratorName[] {
  try {
    return parseAccelerators(text);
  } catch (error) {
    throw new UsageError(`--accel ${text}: ${(error as Error).message}`);
  }
}
