import { TRACE_CHANNELS, type TraceChannel } from '../debug/trace.ts';
import { didYouMean } from './suggest.ts';
import { UsageError } from './usage-error.ts';

/** Channels to print, and the file to print them to (standard error when undefined). */
export interface TraceRequest {
  readonly channels: readonly TraceChannel[];
  readonly file: string | undefined;
}

/** Reads `cpu,int:FILE`. @throws UsageError */
export function parseTrace(text: string): TraceRequest {
  const colon = text.indexOf(':');
  const names = (colon < 0 ? text : text.slice(0, colon)).split(',');
  const file = colon < 0 ? undefined : text.slice(colon + 1);
  if (file === '') throw new UsageError(`--trace ${text}: name a file behind the colon, or leave the colon out`);
  const channels = names.map((name) => {
    const channel = TRACE_CHANNELS.find((known) => known === name);
    if (channel !== undefined) return channel;
    const hint = didYouMean(name, TRACE_CHANNELS);
    throw new UsageError(
      `--trace ${text}: there is no channel "${name}"${hint || `; use ${TRACE_CHANNELS.join(', ')}`}`,
    );
  });
  return { channels, file };
}
