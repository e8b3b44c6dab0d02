const CTRL_A = 1;

/** What the user asked for with Ctrl-A and a letter. */
export type EscapeAction = 'quit' | 'help' | 'monitor';

const ACTIONS: Readonly<Record<string, EscapeAction>> = { x: 'quit', h: 'help', '?': 'help', c: 'monitor' };

/** Takes Ctrl-A sequences out of what is typed. State survives from one chunk to the next. */
export class EscapeKeys {
  #armed = false;

  /** Calls `plain` with runs of bytes that are meant for the guest, `action` with what is not, in order. */
  feed(bytes: Uint8Array, plain: (bytes: Uint8Array) => void, action: (action: EscapeAction) => void): void {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (!this.#armed) {
        if (byte !== CTRL_A) continue;
        if (at > from) plain(bytes.subarray(from, at));
        this.#armed = true;
        from = at + 1;
        continue;
      }
      this.#armed = false;
      from = at + 1;
      const wanted = ACTIONS[String.fromCharCode(byte).toLowerCase()];
      if (wanted !== undefined) action(wanted);
      else if (byte === CTRL_A || byte === 0x61) plain(Uint8Array.of(CTRL_A));
    }
    if (bytes.length > from) plain(bytes.subarray(from));
  }
}

export const ESCAPE_HELP = [
  'Ctrl-A x       end emu',
  'Ctrl-A c       monitor, and back to the guest',
  'Ctrl-A h       this help',
  'Ctrl-A Ctrl-A  send Ctrl-A to the guest',
];
