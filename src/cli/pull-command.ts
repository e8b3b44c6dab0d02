import { GUEST_NAMES, pullDebian, pullDebianInstaller } from '../host/pull/pull-debian.ts';
import { parseArch } from './boot-settings.ts';
import type { PULL_OPTIONS, Values } from './options.ts';
import { didYouMean } from './suggest.ts';
import { UsageError } from './usage-error.ts';

const PULL = { debian: pullDebian, 'debian-installer': pullDebianInstaller } as const;

/** `emu pull`. @throws UsageError, PullError */
export async function pull(guest: string, values: Values<typeof PULL_OPTIONS>): Promise<number> {
  const name = GUEST_NAMES.find((known) => known === guest);
  if (name === undefined) {
    const hint = didYouMean(guest, GUEST_NAMES);
    throw new UsageError(`there is no guest "${guest}" to pull${hint || `: use ${GUEST_NAMES.join(' or ')}`}`);
  }
  const arch = parseArch(values.arch);
  await PULL[name]({ arch, force: values.force === true, log: (line) => void process.stdout.write(`${line}\n`) });
  const option = arch === 'amd64' ? '' : ` --arch ${arch}`;
  process.stdout.write(`boot it with: emu boot ${name}${option}\n`);
  return 0;
}
