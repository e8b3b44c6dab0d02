import { RequestProcess } from '../host/request-process.ts';
import { type Engine, type EngineName, Gap, type Job, type Measured } from './engine.ts';

/** A guest engine in a process of its own: compilers and caches of one engine do not disturb another. */
export class ProcessEngine implements Engine {
  readonly name: EngineName;
  readonly #process: RequestProcess<Job, Measured>;
  #givenUp: string | undefined;

  /** @param program a file that answers jobs; it is given the engine's name */
  constructor(program: string, name: EngineName) {
    this.name = name;
    this.#process = new RequestProcess(program, [name]);
  }

  async run(job: Job): Promise<Measured> {
    const reply = await this.#process.request(job);
    if ('failure' in reply) throw new Gap(this.#givenUp ?? reply.failure);
    return reply.value;
  }

  /** Ends the engine; what it is at becomes a gap with this reason. */
  giveUp(reason: string): void {
    this.#givenUp = reason;
    void this.close();
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
