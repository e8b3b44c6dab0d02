import { Session } from 'node:inspector/promises';

/** Where the process spent its time: a function of JavaScript, or what V8 puts in brackets. */
export interface ProfileEntry {
  readonly name: string;
  /** Where its text comes from; empty for V8's own. */
  readonly url: string;
  readonly ms: number;
}

/** Samples this process for `ms` milliseconds, each millisecond, and adds up by function. */
export async function profileProcess(ms: number): Promise<ProfileEntry[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 1000 });
    await session.post('Profiler.start');
    await new Promise((resolve) => setTimeout(resolve, ms));
    const { profile } = await session.post('Profiler.stop');
    const { nodes, samples = [], timeDeltas = [] } = profile;
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    const sums = new Map<string, { name: string; url: string; ms: number }>();
    samples.forEach((id, n) => {
      const { functionName, url } = frames.get(id)!;
      const key = `${functionName} ${url}`;
      let entry = sums.get(key);
      if (entry === undefined) sums.set(key, (entry = { name: functionName, url, ms: 0 }));
      entry.ms += Math.max(0, timeDeltas[n] ?? 0) / 1000;
    });
    return [...sums.values()].sort((a, b) => b.ms - a.ms);
  } finally {
    session.disconnect();
  }
}
