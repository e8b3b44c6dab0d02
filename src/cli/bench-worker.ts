/* One engine of `emu bench` in a process of its own: takes jobs from its parent, answers with what was measured. */
import type { EngineName, Job, Measured } from '../bench/engine.ts';
import { GuestEngine } from '../bench/guest-engine.ts';
import type { Reply } from '../host/request-process.ts';
import { tuneEngine } from '../host/tune-engine.ts';
import { oneLine } from './report.ts';

tuneEngine();
const name = process.argv[2] as Exclude<EngineName, 'native'>;
const engine = new GuestEngine(name === 'kvm' ? { accel: 'kvm', tier: 'jit' } : { accel: 'tcg', tier: name });

process.on('message', async (job: Job) => {
  const reply: Reply<Measured> = await engine.run(job).then(
    (value) => ({ value }),
    (error: Error) => ({ failure: oneLine(error) }),
  );
  process.send?.(reply);
});
process.on('disconnect', () => process.exit(0));
