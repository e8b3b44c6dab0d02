import { NativeProgram } from '../host/native-program.ts';
import { type Engine, Gap, type Job, type Measured } from './engine.ts';
import { ROM_WORKLOADS, type Width } from './rom-workloads.ts';

/** The host itself: the same sources as a program, where there is a compiler. */
export class NativeEngine implements Engine {
  readonly name = 'native';
  readonly #programs = new Map<Width, Promise<NativeProgram>>();

  refusal(job: Job): string | undefined {
    if (job.kind !== 'rom') return 'what the guest does is not run on the host';
    const { kind } = ROM_WORKLOADS.find(({ name }) => name === job.workload)!;
    return kind === 'compute' ? undefined : "needs the guest's kernel";
  }

  async run(job: Job): Promise<Measured> {
    if (job.kind !== 'rom') throw new Gap(this.refusal(job)!);
    const { ns, checksum } = await (await this.#program(job.width)).measure(job.workload, job.runs);
    return { ms: ns / 1e6, result: checksum };
  }

  async close(): Promise<void> {
    for (const program of this.#programs.values()) await (await program.catch(() => undefined))?.remove();
  }

  #program(width: Width): Promise<NativeProgram> {
    const known = this.#programs.get(width) ?? NativeProgram.build(width);
    this.#programs.set(width, known);
    return known.catch((error: Error) => {
      throw new Gap(error.message);
    });
  }
}
