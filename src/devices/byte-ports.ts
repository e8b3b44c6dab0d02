import type { AccessSize, IoHandler } from '../bus/device.ts';

/** Registers on an 8-bit bus: a wider access is cut into bytes, lowest address first. */
export abstract class BytePorts implements IoHandler {
  protected abstract readByte(offset: number): number;
  protected abstract writeByte(offset: number, value: number): void;

  read(offset: number, size: AccessSize): number {
    if (size === 1) return this.readByte(offset);
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.readByte(offset + i) << (8 * i);
    return value >>> 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    for (let i = 0; i < size; i++) this.writeByte(offset + i, (value >>> (8 * i)) & 0xff);
  }
}

/** A handler made of two functions, for chips whose ports do not lie side by side. */
export class BytePort extends BytePorts {
  protected readonly readByte: (offset: number) => number;
  protected readonly writeByte: (offset: number, value: number) => void;

  constructor(readByte: (offset: number) => number, writeByte: (offset: number, value: number) => void) {
    super();
    this.readByte = readByte;
    this.writeByte = writeByte;
  }
}
