import { type AcceleratorName, parseAccelerators } from '../accel/select.ts';
import type { CharBackend } from '../bus/backends.ts';
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

/** The same back end; `seen` is called once, when the bytes written hold `text`. */
export function watchOutput(backend: CharBackend, text: string, seen: () => void): CharBackend {
  const wanted = Buffer.from(text).toString('latin1');
  let tail = '';
  let done = false;
  return {
    write: (byte) => {
      if (!done) {
        tail = (tail + String.fromCharCode(byte)).slice(-wanted.length);
        if (tail === wanted) {
          done = true;
          seen();
        }
      }
      return backend.write(byte);
    },
    onInput: (receive) => backend.onInput(receive),
    onDrain: (resume) => backend.onDrain(resume),
    ...(backend.pauseInput === undefined ? {} : { pauseInput: (paused: boolean) => backend.pauseInput?.(paused) }),
  };
}
