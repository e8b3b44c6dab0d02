import type { Server, Socket } from 'node:net';

/** Who wants to know of the files that input comes from. */
export interface InputFiles {
  opened(fd: number): void;
  /** Its number may soon be another file's. */
  closed(fd: number): void;
}

/** Tells of a socket from now until it is closed. Node shows its number only inside; without it nothing is told. */
export function tellOf(socket: Socket | Server, files: InputFiles | undefined): void {
  const fd = (socket as { _handle?: { fd?: number } })._handle?.fd ?? -1;
  if (fd < 0 || files === undefined) return;
  files.opened(fd);
  socket.once('close', () => files.closed(fd));
}
