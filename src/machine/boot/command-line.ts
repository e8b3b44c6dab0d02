import { BootError } from './boot-error.ts';
import { LOADER_AREA } from './boot-memory.ts';

const ROOM = LOADER_AREA.end - LOADER_AREA.commandLine - 1;

/**
 * A command line as NUL-terminated UTF-8.
 * @param limit bytes that the kernel takes, without the NUL
 * @throws BootError that names the limit when the line is longer, and for a NUL inside it
 */
export function encodeCommandLine(line: string, limit: number): Uint8Array {
  if (line.includes('\0'))
    throw new BootError('the kernel command line holds a NUL character: leave it out of --append');
  const bytes = new TextEncoder().encode(`${line}\0`);
  const most = Math.min(limit, ROOM);
  if (bytes.length - 1 > most) {
    throw new BootError(
      `the kernel command line has ${bytes.length - 1} bytes and this kernel takes ${most}: shorten --append`,
    );
  }
  return bytes;
}
