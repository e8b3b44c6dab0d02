import { createServer, type Server, type Socket } from 'node:net';
import { FileError, reasonOf } from './files.ts';
import { type InputFiles, tellOf } from './input-files.ts';

/** One connection, as its user sees it. */
export interface TcpPeer {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** What is done with a connection. */
export interface TcpHandler {
  receive(bytes: Uint8Array): void;
  disconnected(): void;
}

/** Above this many unsent bytes nothing more is read from the peer. */
const MOST_UNSENT = 1 << 20;

/** Serves one client at a time on 127.0.0.1; others are turned away. */
export class TcpServer {
  readonly #accept: (peer: TcpPeer) => TcpHandler;
  readonly #files: InputFiles | undefined;
  #server: Server | undefined;
  #client: Socket | undefined;

  constructor(accept: (peer: TcpPeer) => TcpHandler, files?: InputFiles) {
    this.#accept = accept;
    this.#files = files;
  }

  /** @throws FileError when the port cannot be had */
  async listen(port: number): Promise<void> {
    const server = createServer((socket) => this.#connect(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new FileError(`the TCP port ${port} ${reasonOf(error)}`)));
      server.listen(port, '127.0.0.1', resolve);
    });
  }

  close(): void {
    this.#client?.end();
    this.#client?.destroySoon();
    this.#server?.close();
  }

  #connect(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#client !== undefined) {
      socket.destroy();
      return;
    }
    this.#client = socket;
    tellOf(socket, this.#files);
    socket.setNoDelay(true);
    const handler = this.#accept({
      send: (bytes) => {
        socket.write(bytes);
        if (socket.writableLength > MOST_UNSENT) socket.pause();
      },
      close: () => void socket.end(),
    });
    socket.on('data', (bytes) => handler.receive(bytes));
    socket.on('drain', () => socket.resume());
    socket.on('close', () => {
      this.#client = undefined;
      handler.disconnected();
    });
  }
}
