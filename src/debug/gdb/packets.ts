const DOLLAR = 0x24;
const HASH = 0x23;
const ESCAPE = 0x7d;
const REPEAT = 0x2a;
const INTERRUPT = 3;

/** Bytes of a packet's payload that are taken; longer ones are answered with `-`. */
export const PACKET_SIZE = 0x4000;

/** What a byte stream from gdb holds. */
export type Incoming =
  | { readonly kind: 'packet'; readonly payload: Uint8Array }
  | { readonly kind: 'interrupt' | 'ack' | 'nak' | 'damaged' };

const hexDigit = (byte: number): number => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? -1 : value;
};

/** Cuts a byte stream into packets (gdb manual, appendix E.1); anything may come, in pieces of any size. */
export class PacketReader {
  #state: 'idle' | 'payload' | 'escaped' | 'sum-high' | 'sum-low' = 'idle';
  readonly #payload = new Uint8Array(PACKET_SIZE);
  #length = 0;
  #sum = 0;
  #expected = 0;
  #tooLong = false;

  *feed(bytes: Uint8Array): Generator<Incoming> {
    for (const byte of bytes) {
      const found = this.#take(byte);
      if (found !== undefined) yield found;
    }
  }

  #take(byte: number): Incoming | undefined {
    switch (this.#state) {
      case 'idle':
        if (byte === INTERRUPT) return { kind: 'interrupt' };
        if (byte === 0x2b) return { kind: 'ack' };
        if (byte === 0x2d) return { kind: 'nak' };
        if (byte === DOLLAR) this.#begin();
        return undefined;
      case 'payload':
        return this.#payloadByte(byte);
      case 'escaped':
        this.#sum += byte;
        this.#put(byte ^ 0x20);
        this.#state = 'payload';
        return undefined;
      case 'sum-high':
        this.#expected = hexDigit(byte);
        this.#state = 'sum-low';
        return undefined;
      default:
        return this.#end(hexDigit(byte));
    }
  }

  #payloadByte(byte: number): undefined {
    if (byte === HASH) this.#state = 'sum-high';
    else if (byte === DOLLAR) this.#begin();
    else {
      this.#sum += byte;
      if (byte === ESCAPE) this.#state = 'escaped';
      else this.#put(byte);
    }
  }

  #begin(): void {
    this.#state = 'payload';
    this.#length = 0;
    this.#sum = 0;
    this.#tooLong = false;
  }

  #put(byte: number): void {
    if (this.#length === PACKET_SIZE) this.#tooLong = true;
    else this.#payload[this.#length++] = byte;
  }

  #end(low: number): Incoming {
    this.#state = 'idle';
    const sound = this.#expected >= 0 && low >= 0 && this.#expected * 16 + low === (this.#sum & 0xff);
    if (!sound || this.#tooLong) return { kind: 'damaged' };
    return { kind: 'packet', payload: this.#payload.slice(0, this.#length) };
  }
}

/** A packet around a payload of Latin-1 characters. */
export function framePacket(payload: string): Uint8Array {
  const bytes = [DOLLAR];
  let sum = 0;
  const put = (byte: number): void => {
    bytes.push(byte);
    sum += byte;
  };
  for (const char of payload) {
    const byte = char.charCodeAt(0) & 0xff;
    if (byte === DOLLAR || byte === HASH || byte === ESCAPE || byte === REPEAT) {
      put(ESCAPE);
      put(byte ^ 0x20);
    } else put(byte);
  }
  const end = [HASH, ...(sum & 0xff).toString(16).padStart(2, '0')].map((c) =>
    typeof c === 'string' ? c.charCodeAt(0) : c,
  );
  return Uint8Array.from([...bytes, ...end]);
}

export const toHex = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
};

/** Undefined when the text is not made of whole bytes. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[\da-f]*$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
